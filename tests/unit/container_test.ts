// What can be checked of the container without Docker: compose.yaml by Compose's own schema, and what each file says. That
// the image's build caches all that the server needs is tests/e2e/container_test.ts.
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { Ajv2020 } from "ajv";
import { parse } from "yaml";
import { dockerfile, jsonArguments } from "./dockerfile.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));
const read = (path: string) => Deno.readTextFileSync(ROOT + path);
const compose = () => parse(read("compose.yaml"), { merge: true });

Deno.test("compose.yaml is what Compose's schema allows", () => {
  const draft = ["$schema", "id"]; // its draft's names for what ajv calls otherwise
  const schema = JSON.parse(
    read("tests/golden/compose_spec.json"),
    (key, value) => draft.includes(key) && typeof value === "string" ? undefined : value,
  );
  const ajv = new Ajv2020({
    strict: false,
    formats: { ports: true, expose: true, duration: true, subnet_ip_address: true },
  });
  const { "x-server": _, name: _name, ...services } = compose(); // the schema is from before files had names
  const validate = ajv.compile(schema);
  assert(validate(services), JSON.stringify(validate.errors));
  assert(!validate({ ...services, services: { cpu: { ...services.services.cpu, cap_dropp: [] } } }));
});

Deno.test("compose.yaml has a profile with a GPU and one without, confined alike", () => {
  const { services, volumes } = compose();
  assertEquals(Object.keys(services), ["nvidia", "cpu"]);
  for (const [profile, service] of Object.entries<Record<string, unknown>>(services)) {
    assertEquals(service.profiles, [profile]);
    const { read_only, cap_drop, security_opt, user, stop_grace_period, tmpfs } = service;
    assertEquals([read_only, cap_drop, security_opt], [true, ["ALL"], ["no-new-privileges:true"]]);
    assertEquals([user, stop_grace_period], ["1993:1993", "40s"]);
    assertEquals((service.volumes as string[])[0].split(":"), [Object.keys(volumes)[0], "/app/data"]);
    assert((tmpfs as string[])[0].startsWith("/tmp:")); // the root is read only, and drivers write there
    assert(
      (service.ports as string[])[0].startsWith("127.0.0.1:"),
      "keys are optional, so strangers must not reach it",
    );
  }
  assertEquals(services.cpu.environment, { ALLOW_SOFTWARE_GPU: "1" });
  assertEquals(services.nvidia.deploy.resources.reservations.devices[0].capabilities, ["gpu"]);
});

Deno.test("the Dockerfile's last stage runs the server confined, and as nobody in particular", () => {
  const stage = dockerfile().stages.at(-1)!;
  const one = (keyword: string) => {
    const found = stage.filter((line) => line.keyword === keyword);
    assertEquals(found.length, 1, keyword);
    return found[0].text;
  };
  assertEquals([one("USER"), one("STOPSIGNAL"), one("VOLUME")], ["latentd", "SIGTERM", "/app/data"]);
  assert(stage.some(({ keyword, text }) => keyword === "LABEL" && text.includes('licenses="MIT"')));
  const user = stage.find(({ text }) => text.startsWith("useradd"))!.text;
  assert(user.includes("--uid 1993") && user.includes("nologin"), user);
  const run = jsonArguments(one("CMD")), health = jsonArguments(one("HEALTHCHECK"));
  for (const command of [run, health]) {
    assertEquals(command.slice(0, 2), ["deno", "run"]);
    assert(command.includes("--cached-only") && command.includes("--frozen"), command.join(" "));
    assert(!command.some((word) => ["-A", "--allow-all"].includes(word)), command.join(" "));
  }
  assert(run.includes("-P=server") && run.includes("--allow-run=/usr/local/bin/deno"));
});

Deno.test("the Dockerfile copies what there is and what .dockerignore lets through, and nothing of the tests", () => {
  const { copied } = dockerfile(), ignored = read(".dockerignore").trim().split("\n");
  assert(copied.length >= 5, `only ${copied} was found: is this test looking at it?`);
  for (const path of copied) {
    Deno.lstatSync(ROOT + path);
    assert(!ignored.includes(path), path);
  }
  assertEquals(copied.filter((path) => path === "." || path.startsWith("tests")), []);
});

Deno.test("the Dockerfile caches every thread's module, which nothing imports", () => {
  const threads: string[] = [];
  const search = (folder: string): void => {
    for (const { name, isDirectory } of Deno.readDirSync(ROOT + folder)) {
      if (isDirectory) search(`${folder}/${name}`);
      else if (name.endsWith(".ts")) {
        for (const [, file] of read(`${folder}/${name}`).matchAll(/new URL\("\.\/([a-z_]+\.ts)"/g)) {
          threads.push(`${folder}/${file}`);
        }
      }
    }
  };
  search("src");
  assert(threads.length >= 3, `only ${threads} were found: is this test looking at them?`);
  assertEquals(threads.filter((path) => !dockerfile().cache.includes(path)), []);
});

Deno.test("the Dockerfile's Deno is the one that the README names", () => {
  const versions = (
    path: string,
  ) => [...new Set(read(path).match(/deno[@:](?:bin-)?(\d+\.\d+\.\d+)/g) ?? [])];
  assertEquals(versions("Dockerfile").map((found) => found.replace(":bin-", "@")), versions("README.md"));
});
