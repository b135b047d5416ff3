import { assertEquals } from "@std/assert";
import type { DatasetItem } from "../../../src/domain/dataset.ts";
import { newId } from "../../../src/domain/ids.ts";
import { parquetTable, writeTable } from "../../../src/results/embedding_tables.ts";
import { RowFile } from "../../../src/results/row_file.ts";

const ROWS = 300, COLUMNS = 5;
const VALUES = Float32Array.from({ length: ROWS * COLUMNS }, (_, i) => Math.fround(1 / (i + 1)));

/** A Python that can import this; undefined where there is none. */
async function pythonWith(module: string): Promise<string | undefined> {
  for (const python of ["python3", "/usr/bin/python3"]) {
    try {
      const probe = new Deno.Command(python, { args: ["-c", `import ${module}`], stderr: "null" });
      if ((await probe.output()).success) return python;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** What a script prints, as JSON, of the directory of a file of rows and its Parquet table. */
async function ask(python: string, script: string): Promise<unknown> {
  const directory = await Deno.makeTempDir();
  const rows = await RowFile.open(directory, newId("job"), "rows.npy", [ROWS, COLUMNS], {});
  try {
    await rows.append(VALUES);
    const entry = (n: number): DatasetItem => ({
      ...{ n, path: `${n}.png`, split: "train", class: n % 3 ? "cat" : null, width: 1, height: 1 },
    });
    const items = { numbers: Uint32Array.from({ length: ROWS }, (_, i) => i), entry };
    await writeTable("rows.parquet", parquetTable(), { rows, items }, new AbortController().signal);
    const { stdout, stderr, success } = await new Deno.Command(python, {
      args: ["-c", `import json, sys\n${script}`, rows.directory],
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return JSON.parse(new TextDecoder().decode(stdout));
  } finally {
    rows.close();
    await Deno.remove(directory, { recursive: true });
  }
}

const numpy = await pythonWith("numpy"), pyarrow = await pythonWith("pyarrow");

Deno.test({
  name: `NumPy reads a file of rows${numpy ? "" : ": no python3 with numpy is here"}`,
  ignore: !numpy,
  async fn() {
    const script =
      'import numpy\na = numpy.load(sys.argv[1] + "/rows.npy", mmap_mode="r")\nprint(json.dumps([a.shape, str(a.dtype), a.ravel().tolist()]))';
    assertEquals(await ask(numpy!, script), [[ROWS, COLUMNS], "float32", [...VALUES]]);
  },
});

Deno.test({
  name: `PyArrow reads a Parquet table${pyarrow ? "" : ": no python3 with pyarrow is here"}`,
  ignore: !pyarrow,
  async fn() {
    const script =
      'import pyarrow.parquet\nt = pyarrow.parquet.read_table(sys.argv[1] + "/rows.parquet")\nprint(json.dumps([t.num_rows, t.schema.names, t.to_pylist()[1:4]]))';
    const row = (n: number) => ({
      ...{ id: n, path: `${n}.png`, split: "train", label: n % 3 ? "cat" : null },
      embedding: [...VALUES.subarray(n * COLUMNS, (n + 1) * COLUMNS)],
    });
    assertEquals(await ask(pyarrow!, script), [
      ...[ROWS, ["id", "path", "split", "label", "embedding"], [row(1), row(2), row(3)]],
    ]);
  },
});
