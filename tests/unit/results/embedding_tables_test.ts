import { assert, assertEquals, assertRejects } from "@std/assert";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import type { DatasetItem } from "../../../src/domain/dataset.ts";
import { newId } from "../../../src/domain/ids.ts";
import { RandomStream } from "../../../src/domain/philox.ts";
import { csvLine } from "../../../src/domain/csv.ts";
import { csvTable, idLines, parquetTable, writeTable } from "../../../src/results/embedding_tables.ts";
import { RowFile } from "../../../src/results/row_file.ts";

const ROWS = 4100, COLUMNS = 7; // a piece has 4096
const LABELS = ["cat", 'a "dog", or so', null, "ß\n"];
const entry = (n: number): DatasetItem => ({
  ...{ n, path: `train/${n},"x".png`, split: n % 2 ? "train" : "test", class: LABELS[n % 4] },
  ...{ width: 1, height: 1 },
});

async function scene(check: (written: RowFile, values: Float32Array, items: Uint32Array) => Promise<void>) {
  const directory = await Deno.makeTempDir(), random = new RandomStream(1, 93);
  const values = Float32Array.from(
    { length: ROWS * COLUMNS },
    () => random.uniform(-1, 1) * 10 ** random.below(12),
  );
  values.set([0, -0, 3.4028234663852886e38, 1.401298464324817e-45, -1e-40, 1 / 3]);
  const rows = await RowFile.open(directory, newId("job"), "embeddings.npy", [ROWS, COLUMNS], {});
  try {
    await rows.append(values);
    await check(rows, values, Uint32Array.from({ length: ROWS }, (_, i) => 2 * i + 1));
  } finally {
    rows.close();
    await Deno.remove(directory, { recursive: true });
  }
}
const bitsOf = (values: Iterable<number>) => new Uint32Array(Float32Array.from(values).buffer);
const { signal } = new AbortController();

Deno.test("a Parquet table has a row an image, to the bit, in row groups of bounded size", () =>
  scene(async (rows, values, numbers) => {
    await writeTable("a.parquet", parquetTable(), { rows, items: { numbers, entry } }, signal);
    const bytes = await Deno.readFile(`${rows.directory}/a.parquet`), { buffer: file } = bytes;
    const { row_groups, schema } = parquetMetadata(file);
    assertEquals(row_groups.map(({ num_rows }) => num_rows), [4096n, 4n]);
    assertEquals(schema.map(({ name }) => name).slice(1), [
      ...["id", "path", "split", "label", "embedding", "list", "element"],
    ]);
    const read = await parquetReadObjects({ file });
    assertEquals(read.length, ROWS);
    for (const i of [0, 1, 2, 3, 4095, 4096, 4099]) {
      const { id, path, split, label, embedding } = read[i], item = entry(numbers[i]);
      assertEquals([id, path, split, label ?? null], [item.n, item.path, item.split, item.class]);
      assertEquals(bitsOf(embedding), bitsOf(values.subarray(i * COLUMNS, (i + 1) * COLUMNS)), `row ${i}`);
    }
    await writeTable("b.parquet", parquetTable(), { rows, items: { numbers, entry } }, signal);
    assertEquals(await Deno.readFile(`${rows.directory}/b.parquet`), bytes);
  }));

Deno.test("a CSV table has a row an image, and its digits give every f32 back", () =>
  scene(async (rows, values, numbers) => {
    await writeTable("a.csv", csvTable(), { rows, items: { numbers, entry } }, signal);
    const text = await Deno.readTextFile(`${rows.directory}/a.csv`);
    assert(text.startsWith("id,path,split,label,e0,e1,e2,e3,e4,e5,e6\r\n"));
    for (const i of [0, 1, 2, 3, 4095, 4096, 4099]) {
      const { n, path, split, class: label } = entry(numbers[i]);
      const prefix = csvLine([n, path, split, label]).replace("\r\n", ","), at = text.indexOf(`\n${prefix}`);
      assert(at > 0, prefix);
      const from = at + 1 + prefix.length;
      const cells = text.slice(from, text.indexOf("\r\n", from)).split(",").map(Number);
      const expected = values.slice(i * COLUMNS, (i + 1) * COLUMNS).map((value) => value === 0 ? 0 : value); // −0 is 0
      assertEquals(bitsOf(cells), bitsOf(expected), `row ${i}`);
    }
  }));

Deno.test("ids.jsonl has a line a row; a table that is stopped throws why", () =>
  scene(async (rows, _values, numbers) => {
    await writeTable("ids.jsonl", idLines(), { rows, items: { numbers, entry } }, signal);
    const lines = (await Deno.readTextFile(`${rows.directory}/ids.jsonl`)).trimEnd().split("\n");
    assertEquals(lines.length, ROWS);
    const { n: id, path, split, class: label } = entry(numbers[4099]);
    assertEquals(JSON.parse(lines[4099]), { id, path, split, label });
    const stopped = AbortSignal.abort(new Error("paused"));
    const write = () => writeTable("ids.jsonl", idLines(), { rows, items: { numbers, entry } }, stopped);
    await assertRejects(write, Error, "paused");
  }));
