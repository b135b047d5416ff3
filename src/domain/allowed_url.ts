import { DomainError } from "./errors.ts";

/** One entry of an allow-list: `example.org`, `*.example.org` (any name below it), either with `:8443`. */
export const ALLOWED_HOST = /^(\*\.)?(?=[a-z0-9])[a-z0-9-]+(\.[a-z0-9-]+)+(:[1-9]\d{0,4})?$/;

/**
 * A URL that may be fetched from.
 *
 * @param allowed What matches ALLOWED_HOST; with none, nothing may.
 * @param pointer Where it stands in the request.
 * @throws {DomainError} `forbidden`: not https, with a user or a password, by address instead of name, or not on the list.
 */
export function allowedUrl(text: string, allowed: readonly string[], pointer: string): URL {
  const refuse = (why: string) =>
    new DomainError("forbidden", `Cannot fetch ${JSON.stringify(text.slice(0, 200))}: ${why}`, {
      errors: [{ detail: why, pointer }],
    });
  if (allowed.length === 0) throw refuse("fetching URLs is off (IMPORT_URLS is not set)");
  if (!URL.canParse(text)) throw refuse("it must be a URL");
  const url = new URL(text);
  if (url.protocol !== "https:") throw refuse("it must begin with https://");
  if (url.username || url.password) throw refuse("it must not have a user or a password in it");
  // What is an address in any spelling (decimal, octal, IPv6), the parser has made one of by now.
  if (/^[\d.]+$/.test(url.hostname) || url.hostname.startsWith("[")) {
    throw refuse("it must name a host, not an address");
  }
  const host = url.hostname.replace(/\.$/, ""), port = url.port || "443";
  const matches = (entry: string) => {
    const [name, listed = "443"] = entry.split(":");
    return listed === port && (name.startsWith("*.") ? host.endsWith(name.slice(1)) : host === name);
  };
  if (!allowed.some(matches)) throw refuse(`its host must be one of ${allowed.join(", ")} (IMPORT_URLS)`);
  return url;
}
