import { assertEquals } from "@std/assert";
import { isPublicAddress } from "../../../src/workers/public_address.ts";

Deno.test("only addresses of the internet at large are public", () => {
  for (const address of ["1.1.1.1", "93.184.216.34", "2606:2800:220:1::1", "172.32.0.1", "::ffff:8.8.8.8"]) {
    assertEquals(isPublicAddress(address), true, address);
  }
  for (
    const address of [
      ...[
        "0.0.0.0",
        "10.1.2.3",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
      ],
      ...[
        "192.168.0.1",
        "100.64.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
      ],
      ...[
        "::",
        "::1",
        "fe80::1",
        "fc00::1",
        "fd12::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "2001:db8::1",
      ],
      ...["64:ff9b::7f00:1", "2002:7f00:1::", "fe80::1%eth0", "", "localhost", "1.1.1.1/8", "1.1.1.1 "],
    ]
  ) assertEquals(isPublicAddress(address), false, address);
});
