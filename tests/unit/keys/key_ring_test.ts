import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { KEY_PATTERN } from "../../../src/domain/api_key.ts";
import { runKeys } from "../../../src/keys/command.ts";
import { changeKeys } from "../../../src/keys/key_file.ts";
import { FileKeyRing } from "../../../src/keys/key_ring.ts";

/** A file for keys that is not there yet, and the command over it. */
async function withFile(
  check: (path: string, keys: (...args: string[]) => Promise<string[]>) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir(), path = `${directory}/keys.jsonl`;
  try {
    await check(path, async (...args) => {
      const said: string[] = [];
      await runKeys(args, path, (line) => said.push(line));
      return said;
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
const silent = () => {};

Deno.test("a key is told once, kept as a salted hash that only its owner may read, and found again", () =>
  withFile(async (path, keys) => {
    const [one] = await keys("add", "--name", "one", "--scopes", "embed,read");
    const [two] = await keys("add", "--name", "two", "--scopes", "admin", "--expires", "30d");
    assertMatch(one, new RegExp(`^${KEY_PATTERN.source}$`));
    const text = await Deno.readTextFile(path),
      lines = text.trim().split("\n").map((line) => JSON.parse(line));
    assert(!text.includes(one) && !text.includes(one.slice(4)));
    assert(lines[0].salt !== lines[1].salt);
    assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
    assertEquals([...Deno.readDirSync(path.replace(/\/[^/]+$/, ""))].length, 1); // nothing unfinished
    const ring = new FileKeyRing(path, silent);
    assertEquals(ring.find(one), { name: "one", scopes: ["read", "embed"] });
    assertEquals(ring.find(two), { name: "two", scopes: ["admin"] });
    const other = one.slice(0, -1) + (one.endsWith("A") ? "B" : "A");
    for (const wrong of ["", other, one + "x", ` ${one}`, lines[0].hash, one.toUpperCase()]) {
      assertEquals(ring.find(wrong), undefined, wrong);
    }
    const [first, second] = await keys("list");
    assertMatch(first, /^one {2}read,embed {2}created \S+ {2}does not expire$/);
    assertMatch(second, /^two {2}admin {2}created \S+ {2}expires \S+$/);
  }));

Deno.test("FileKeyRing sees a key that is added or revoked at once, and keeps its last keys when the file breaks", () =>
  withFile(async (path, keys) => {
    const [one] = await keys("add", "--name", "one", "--scopes", "read"), complaints: string[] = [];
    const ring = new FileKeyRing(path, (complaint) => complaints.push(complaint));
    const [two] = await keys("add", "--name", "two", "--scopes", "read");
    assertEquals([ring.find(one)?.name, ring.find(two)?.name], ["one", "two"]);
    await keys("revoke", "--name", "one");
    assertEquals([ring.find(one), ring.find(two)?.name], [undefined, "two"]);

    const whole = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, whole.slice(0, -20));
    assertEquals([ring.find(two)?.name, ring.find(two)?.name], ["two", "two"]);
    assertEquals(complaints.length, 1);
    assertMatch(complaints[0], /stay in force: Cannot read line 1/);
    await Deno.remove(path);
    assertEquals(ring.find(two)?.name, "two");
    assertEquals(complaints.length, 2);
    await Deno.writeTextFile(path, "");
    assertEquals([ring.find(two), ring.size], [undefined, 0]);
    await Deno.writeTextFile(path, whole);
    assertEquals(ring.find(two)?.name, "two");
    assertEquals(complaints.length, 2);
  }));

Deno.test("a key is refused from the moment it expires", () =>
  withFile(async (path, keys) => {
    const expires = new Date(Date.now() + 1000).toISOString();
    const [key] = await keys("add", "--name", "brief", "--scopes", "read", "--expires", expires);
    const ring = new FileKeyRing(path, silent);
    assertEquals(ring.find(key)?.name, "brief");
    await changeKeys(path, ([record]) => [{ ...record, expires_at: new Date(Date.now() - 1).toISOString() }]);
    assertEquals(ring.find(key), undefined);
    assertMatch((await keys("list"))[0], / expired /);
  }));

Deno.test("keys that are added at the same time are all kept", () =>
  withFile(async (path, keys) => {
    const names = Array.from({ length: 8 }, (_, i) => `n${i}`);
    const added = await Promise.all(names.map((name) => keys("add", "--name", name, "--scopes", "read")));
    const ring = new FileKeyRing(path, silent);
    assertEquals(added.map(([key]) => ring.find(key)?.name), names);
  }));

Deno.test("deno task keys says what it will not do, and then changes nothing", () =>
  withFile(async (path, keys) => {
    await keys("add", "--name", "one", "--scopes", "read");
    const before = await Deno.readTextFile(path);
    for (
      const [args, reason] of [
        [["add", "--name", "one", "--scopes", "read"], "revoke it first"],
        [
          ["add", "--name", "a b", "--scopes", "read"],
          '--name must be 1 to 64 letters, digits or . _ @ -, got "a b"',
        ],
        [["add", "--name", "b", "--scopes", "read,root"], "--scopes must be of read, embed, train, admin"],
        [["add", "--name", "b"], "--scopes must be of"],
        [["add", "--name", "b", "--scopes", "read", "--expires", "2001-01-01"], "--expires must be"],
        [["add", "--name", "b", "--scopes", "read", "--expires", "soon"], "--expires must be"],
        [["add", "--name", "b", "--scopes", "read", "--expire", "30d"], "there is no such option"],
        [["revoke", "--name", "b"], "there is no such key"],
        [["drop"], "usage: "],
        [[], "usage: "],
      ] as const
    ) await assertRejects(() => keys(...args), Error, reason);
    assertEquals(await Deno.readTextFile(path), before);
    await Deno.writeTextFile(path, before + "{}\n");
    await assertRejects(() => keys("revoke", "--name", "one"), Error, "line 2 of the keys: name:");
    assertEquals(await Deno.readTextFile(path), before + "{}\n");
    assertThrows(() => new FileKeyRing(path, silent), Error, "Cannot read API_KEYS_FILE");
    assertThrows(() => new FileKeyRing(`${path}.none`, silent), Error, "`deno task keys add` makes it");
  }));
