import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import {
  FileNeighborIndexLibrary,
  indexName,
  NeighborIndexFile,
  NeighborIndexWriter,
} from "../../../src/data/neighbor_index.ts";
import { DomainError } from "../../../src/domain/errors.ts";

const KEY = {
  checkpoint: "ckpt_01M88CBGKDP4JZY3SP91EM097W",
  dataset: "ds_01M88C9NZ84RN64FWBFXK166V1",
  fingerprint: `sha256:${"ab".repeat(32)}`,
};
const NAME = indexName(KEY), DIM = 3;
const rows = (first: number, count: number) =>
  Float32Array.from({ length: DIM * count }, (_, i) => first * DIM + i);

async function inDirectory(check: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await check(join(directory, "neighbors"));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
async function write(directory: string, count: number): Promise<void> {
  const writer = await NeighborIndexWriter.open(directory, NAME, DIM);
  await writer.append(rows(writer.rows, count - writer.rows));
  await writer.finish();
  writer.close();
}
async function readAll(file: NeighborIndexFile): Promise<number[]> {
  const all: number[] = [];
  for await (const { first, values } of file.verified()) {
    assertEquals(first * DIM, all.length);
    all.push(...values);
  }
  return all;
}

Deno.test("an index is there once it is whole, and what a writer left is gone on from, cut rows apart", () =>
  inDirectory(async (directory) => {
    const first = await NeighborIndexWriter.open(directory, NAME, DIM);
    await first.append(rows(0, 4));
    await first.file.write(Uint8Array.of(1, 2, 3)); // of a row that it did not come to write
    first.close();
    assertEquals(await NeighborIndexFile.open(directory, NAME), undefined);
    const second = await NeighborIndexWriter.open(directory, NAME, DIM);
    assertEquals(second.rows, 4);
    second.close();
    await write(directory, 6);
    const file = (await NeighborIndexFile.open(directory, NAME))!;
    assertEquals([file.rows, file.dim, [...file.row(5)]], [6, DIM, [...rows(5, 1)]]);
    assertEquals(await readAll(file), [...rows(0, 6)]);
    file.close();
    assertEquals(await new FileNeighborIndexLibrary(directory).list(), [
      { name: NAME, checkpoint: KEY.checkpoint, fingerprint: KEY.fingerprint },
    ]);
  }));

Deno.test("an index that is damaged is none, or is found out when it is read", () =>
  inDirectory(async (directory) => {
    await write(directory, 5);
    const path = join(directory, NAME, "embeddings.f32"), bytes = await Deno.readFile(path);
    bytes[7] ^= 1;
    await Deno.writeFile(path, bytes);
    const file = (await NeighborIndexFile.open(directory, NAME))!;
    const error = await assertRejects(() => readAll(file), DomainError, "its hash is another");
    assertEquals(error.options.type, "index_damaged");
    file.close();
    await Deno.writeFile(path, bytes.subarray(1));
    assertEquals(await NeighborIndexFile.open(directory, NAME), undefined);
    await Deno.writeTextFile(join(directory, NAME, "manifest.json"), '{"format": 2');
    assertEquals(await NeighborIndexFile.open(directory, NAME), undefined);
  }));

Deno.test("a sweep removes what was not finished, and nothing else; a name is made of ids alone", () =>
  inDirectory(async (directory) => {
    const library = new FileNeighborIndexLibrary(directory);
    await library.sweep(); // of nothing
    await write(directory, 2);
    (await NeighborIndexWriter.open(directory, NAME, DIM)).close();
    await Deno.writeTextFile(join(directory, "notes"), "somebody's");
    assertEquals((await library.list()).length, 2);
    await library.sweep();
    assertEquals((await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name).sort(), [
      NAME,
      "notes",
    ]);
    await library.remove(NAME);
    assertEquals(await library.list(), []);
    assertThrows(() => indexName({ ...KEY, checkpoint: "../x" }), DomainError);
    assertThrows(() => indexName({ ...KEY, fingerprint: "sha256:../x" }), TypeError);
  }));
