import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { fileTuningCache } from "../../../src/gpu/tuning_file.ts";

const inDirectory = (name: string, test: (path: string) => void) =>
  Deno.test(name, () => {
    const directory = Deno.makeTempDirSync();
    try {
      test(join(directory, "tuning.json"));
      assertEquals([...Deno.readDirSync(directory)].filter(({ name }) => name !== "tuning.json"), []);
    } finally {
      Deno.removeSync(directory, { recursive: true });
    }
  });

inDirectory("choices that were written are read again", (path) => {
  assertEquals(fileTuningCache(path).read(), new Map());
  fileTuningCache(path).write(new Map([["a", "b"]]));
  assertEquals(fileTuningCache(path).read(), new Map([["a", "b"]]));
});

for (
  const [what, text] of [
    ["cut short", '{"version": 1, "choices": {"a'],
    ["of another version", '{"version": 2, "choices": {"a": "b"}}'],
    ["of another shape", '{"version": 1}'],
    ["no object", "null"],
  ]
) {
  inDirectory(`a file that is ${what} counts as empty, and can be written anew`, (path) => {
    Deno.writeTextFileSync(path, text);
    assertEquals(fileTuningCache(path).read(), new Map());
    fileTuningCache(path).write(new Map([["c", "d"]]));
    assertEquals(fileTuningCache(path).read(), new Map([["c", "d"]]));
  });
}

inDirectory("values that are no candidates' names are left out", (path) => {
  Deno.writeTextFileSync(path, '{"version": 1, "choices": {"a": 5, "b": "c"}}');
  assertEquals(fileTuningCache(path).read(), new Map([["b", "c"]]));
});
