import { assertEquals, assertThrows } from "@std/assert";
import { CONFIG_KEYS, readConfig } from "../../src/config.ts";

const read = (env: Record<string, string>) => readConfig((name) => env[name]);

Deno.test("readConfig() has the documented defaults", () => {
  const documented = Object.fromEntries(CONFIG_KEYS.map(({ name, default: value }) => [name, value]));
  assertEquals(read(documented), read({}));
  assertEquals([read({}).host, read({}).port, read({}).maxUploadBytes], ["127.0.0.1", 8000, 8 * 2 ** 30]);
  assertEquals(read({ PORT: "" }).port, 8000);
  assertEquals([read({}).gpuProvider, read({ GPU_PROVIDER: "dawn" }).gpuProvider], ["auto", "dawn"]);
  assertEquals([read({}).gpuTune, read({ GPU_TUNE: "off" }).gpuTune], [true, false]);
  assertEquals(read({ ALLOWED_HOSTS: "A.example, *.b.example" }).allowedHosts, ["a.example", "*.b.example"]);
  assertEquals([read({ PORT: "0" }).port, read({ ALLOW_SOFTWARE_GPU: "true" }).allowSoftwareGpu], [0, true]);
});

Deno.test("readConfig() lists every wrong value at once", () => {
  const { message } = assertThrows(() =>
    read({
      PORT: "80000",
      DECODE_WORKERS: "0",
      GPU_PROVIDER: "metal",
      GPU_TUNE: "maybe",
      ALLOW_SOFTWARE_GPU: "yes",
      HOST: "0.0.0.0",
    })
  ) as Error;
  for (const name of ["PORT", "DECODE_WORKERS", "GPU_PROVIDER", "GPU_TUNE", "ALLOW_SOFTWARE_GPU", "HOST"]) {
    assertEquals(message.split(`\n  ${name} `).length, 2, `${name} in: ${message}`);
  }
});

Deno.test("readConfig() binds to loopback only, unless it has keys or the network is trusted", () => {
  for (const HOST of ["0.0.0.0", "::", "192.168.1.2", "example.org", "127.0.0.1.example.org"]) {
    assertThrows(() => read({ HOST }), Error, "no API_KEYS_FILE is set");
    assertEquals(read({ HOST, TRUST_NETWORK: "1" }).host, HOST);
    assertEquals(read({ HOST, API_KEYS_FILE: "/keys.jsonl" }).host, HOST);
  }
  for (const HOST of ["127.0.0.1", "127.1.2.3", "localhost", "::1"]) assertEquals(read({ HOST }).host, HOST);
});
