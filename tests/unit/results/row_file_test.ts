import { assertEquals, assertRejects } from "@std/assert";
import { newId } from "../../../src/domain/ids.ts";
import { npyHeader } from "../../../src/domain/npy.ts";
import { unfinishedOf } from "../../../src/results/result_files.ts";
import { RowFile } from "../../../src/results/row_file.ts";

const OF = { checkpoint: "ckpt_1", split: null, normalize: false }, ROWS = 5, COLUMNS = 3;
const rowsOf = (from: number, count: number) =>
  Float32Array.from({ length: count * COLUMNS }, (_, i) => from * COLUMNS + i);
const WHOLE = [...npyHeader(ROWS, COLUMNS), ...new Uint8Array(rowsOf(0, ROWS).buffer)];

async function scene(
  check: (open: (of?: typeof OF) => Promise<RowFile>, unfinished: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir(), job = newId("job");
  try {
    await check(
      (of = OF) => RowFile.open(directory, job, "rows.npy", [ROWS, COLUMNS], of),
      unfinishedOf(directory, job),
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("RowFile goes on from the last rows that are on disk for certain, to the same bytes", () =>
  scene(async (open, unfinished) => {
    const first = await open();
    assertEquals([first.kept, await first.keep()], [0, false]);
    await first.append(rowsOf(0, 2));
    assertEquals([await first.keep(), first.kept, await first.keep()], [true, 2, false]);
    await first.append(rowsOf(7, 2)); // never kept
    first.close();
    const second = await open();
    assertEquals([second.kept, second.written], [2, 2]);
    await second.append(rowsOf(2, 3));
    assertEquals(await second.read(1, 3), rowsOf(1, 3));
    await assertRejects(() => second.read(3, 3), TypeError, "it ends before row 6");
    await second.keep();
    second.close();
    assertEquals([...await Deno.readFile(`${unfinished}/rows.npy`)], WHOLE);
  }));

Deno.test("RowFile begins anew where the rows are of something else, or fewer than they were", () =>
  scene(async (open, unfinished) => {
    const begin = async () => {
      const file = await open();
      await file.append(rowsOf(0, 2));
      await file.keep();
      file.close();
    };
    await begin();
    const other = await open({ ...OF, normalize: true });
    assertEquals(other.kept, 0);
    other.close();
    assertEquals((await Deno.stat(`${unfinished}/rows.npy`)).size, npyHeader(ROWS, COLUMNS).length);
    await begin();
    await Deno.truncate(`${unfinished}/rows.npy`, 100);
    const shorter = await open();
    assertEquals(shorter.kept, 0);
    await shorter.append(rowsOf(0, ROWS));
    shorter.close();
    const again = await open();
    assertEquals(again.kept, 0); // what was kept before it began anew says nothing of these
    again.close();
  }));
