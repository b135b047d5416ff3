import type { Context, MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { problem } from "./problem.ts";

const READS = ["GET", "HEAD", "OPTIONS"];

/** Which names a server without keys answers to. */
export interface HostPolicy {
  /** Names besides those of this machine; `*.example.org` stands for every name under it. */
  allowed: readonly string[];
  /** Whether it may be reached from elsewhere, so under any name that no public DNS resolves. */
  fromNetwork: boolean;
}

/**
 * What every answer tells a browser: to take it for nothing but what it says it is, to show it in no frame and on no other
 * site's page, and to load nothing for it. A route that answers with a page of its own brings its own policy.
 */
export function browserHeaders(): MiddlewareHandler[] {
  return [
    secureHeaders({
      overwrite: false,
      xFrameOptions: "DENY",
      contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      strictTransportSecurity: false, // for whatever speaks TLS in front of this
    }),
    async function answersAreFresh(c, next) {
      await next();
      for (const name of [...c.res.headers.keys()]) {
        if (name.startsWith("access-control-")) c.res.headers.delete(name); // no other origin's page may read anything
      }
      const isJson = /^application\/(\w+\+)?json\b/.test(c.res.headers.get("Content-Type") ?? "");
      const isAddressedByContent = c.res.headers.has("ETag") || c.res.headers.has("Cache-Control");
      if (isJson && !isAddressedByContent) c.res.headers.set("Cache-Control", "no-store");
    },
  ];
}

/**
 * Refuses what a browser does on behalf of a page that is not this server's: writes from another origin, and, where no key
 * keeps strangers out, requests to a name that some other site has had resolved to this machine (DNS rebinding).
 *
 * @param hosts Undefined where the server has keys, which no page can guess.
 */
export function refuseStrangePages(hosts: HostPolicy | undefined): MiddlewareHandler {
  return async function refuseStrangePages(c, next) {
    const host = hostOf(c);
    if (hosts && !isOurs(host, hosts)) {
      const detail =
        `Cannot answer to the host ${JSON.stringify(host.slice(0, 100))}: without keys it must be this ` +
        "machine's address, or a name that ALLOWED_HOSTS has";
      return problem(c, 421, detail, { code: "unknown_host" });
    }
    if (READS.includes(c.req.method) || isOwnPage(c)) return await next();
    return problem(c, 403, `Cannot ${c.req.method} ${c.req.path} for another site's page`, {
      code: "cross_origin",
    });
  };
}

/** Without its port, in lower case. */
const hostOf = (c: Context): string =>
  (c.req.header("Host") ?? new URL(c.req.url).host).toLowerCase().replace(/:\d+$/, "");

/** An address, in brackets if it is of IPv6, cannot be rebound: a page from there has come from there. */
const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/;

function isOurs(host: string, { allowed, fromNetwork }: HostPolicy): boolean {
  if (ADDRESS.test(host) || host === "localhost" || host.endsWith(".localhost")) return true;
  if (fromNetwork && /^[a-z0-9_-]+$/.test(host)) return true; // a container's name, say
  return allowed.map((name) => name.replace(/:\d+$/, "")).some((name) =>
    name.startsWith("*.") ? host.endsWith(name.slice(1)) : host === name
  );
}

/**
 * Whether a page of this server's own has made the browser ask, or no page at all: what is not a browser sends neither
 * header. Another port is another origin, though the same site.
 */
function isOwnPage(c: Context): boolean {
  const site = c.req.header("Sec-Fetch-Site"), origin = c.req.header("Origin");
  if (site !== undefined) return site === "same-origin" || site === "none";
  if (origin === undefined) return true;
  return URL.canParse(origin) &&
    new URL(origin).host === (c.req.header("Host") ?? new URL(c.req.url).host).toLowerCase();
}
