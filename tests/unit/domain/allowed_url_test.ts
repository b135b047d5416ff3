import { assertEquals, assertThrows } from "@std/assert";
import { ALLOWED_HOST, allowedUrl } from "../../../src/domain/allowed_url.ts";
import { DomainError } from "../../../src/domain/errors.ts";

const ALLOWED = ["example.org", "*.data.example.org", "files.example.net:8443"];

Deno.test("allowedUrl() takes https URLs of hosts on the list, and of names below a wildcard", () => {
  for (
    const url of [
      "https://example.org/a.tar?x=1",
      "https://EXAMPLE.org./a.tar",
      "https://example.org:443/",
      "https://a.b.data.example.org/x",
      "https://files.example.net:8443/x",
    ]
  ) assertEquals(allowedUrl(url, ALLOWED, "#/url").protocol, "https:", url);
});

Deno.test("allowedUrl() refuses everything else by what is wrong with it", () => {
  for (
    const [url, why] of [
      ["http://example.org/", "https://"],
      ["file:///etc/passwd", "https://"],
      ["ftp://example.org/", "https://"],
      ["data:text/plain,x", "https://"],
      ["not a url", "must be a URL"],
      ["https://user@example.org/", "user or a password"],
      ["https://example.org:x@evil.test/", "user or a password"],
      ["https://127.0.0.1/", "not an address"],
      ["https://2130706433/", "not an address"],
      ["https://0177.0.0.1/", "not an address"],
      ["https://0x7f.1/", "not an address"],
      ["https://[::1]/", "not an address"],
      ["https://[::ffff:169.254.169.254]/", "not an address"],
      ["https://example.org:8443/", "must be one of"],
      ["https://files.example.net/", "must be one of"],
      ["https://example.org.evil.test/", "must be one of"],
      ["https://evilexample.org/", "must be one of"],
      ["https://data.example.org/", "must be one of"],
      ["https://evildata.example.org/", "must be one of"],
      ["https://localhost/", "must be one of"],
    ]
  ) {
    const { code } = assertThrows(() => allowedUrl(url, ALLOWED, "#/url"), DomainError, why) as DomainError;
    assertEquals(code, "forbidden");
  }
  assertThrows(() => allowedUrl("https://example.org/", [], "#/url"), DomainError, "IMPORT_URLS is not set");
});

Deno.test("an allow-list has names, no addresses, no paths and no stars but one in front", () => {
  for (const host of ALLOWED) assertEquals(ALLOWED_HOST.test(host), true, host);
  for (
    const host of ["*", "*.", "localhost", "a.*.org", "https://a.org", "a.org/x", "a.org:0", "[::1]", ""]
  ) {
    assertEquals(ALLOWED_HOST.test(host), false, host);
  }
});
