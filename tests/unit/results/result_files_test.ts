import { assert, assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { DomainError } from "../../../src/domain/errors.ts";
import { newId } from "../../../src/domain/ids.ts";
import type { Job } from "../../../src/domain/job.ts";
import { completeResults, unfinishedOf, writeResults } from "../../../src/results/result_files.ts";
import { FileResultLibrary } from "../../../src/results/result_library.ts";
import { aJob } from "../../contract/store_contract.ts";

async function scene(check: (directory: string, names: (of?: string) => string[]) => Promise<void>) {
  const root = await Deno.makeTempDir(), directory = `${root}/results`;
  const names = (of = "") => [...Deno.readDirSync(`${directory}/${of}`)].map(({ name }) => name).sort();
  try {
    await check(directory, names);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}
const sha256 = (bytes: string | Uint8Array) => createHash("sha256").update(bytes).digest("hex");

Deno.test("writeResults() keeps files whole, tells their sizes and hashes, and replaces an earlier attempt's", () =>
  scene(async (directory, names) => {
    const job = newId("job"), bytes = Uint8Array.from({ length: 3_000_000 }, (_, i) => i % 251);
    await writeResults(directory, job, { "old.csv": "a" });
    const files = await writeResults(directory, job, { "labels.jsonl": "{}\n", "b.npy": bytes });
    assertEquals(files, [
      { name: "labels.jsonl", bytes: 3, sha256: sha256("{}\n") },
      { name: "b.npy", bytes: 3_000_000, sha256: sha256(bytes) },
    ]);
    assertEquals([names(), names(job)], [[job], ["b.npy", "labels.jsonl", "manifest.json"]]);
    const library = new FileResultLibrary(directory);
    assertEquals(await Deno.readFile(library.path(job, "b.npy")), bytes);
    assertEquals(JSON.parse(await Deno.readTextFile(library.path(job, "manifest.json"))), {
      ...{ format: 1, about: {}, files },
    });
  }));

Deno.test("completeResults() takes the files that are named, and nothing else that lies there", () =>
  scene(async (directory, names) => {
    const job = newId("job"), unfinished = unfinishedOf(directory, job);
    await Deno.mkdir(`${unfinished}/notes`, { recursive: true });
    for (const name of ["rows.csv", "standing.json"]) await Deno.writeTextFile(`${unfinished}/${name}`, "1");
    await assertRejects(() => completeResults(directory, job, ["none.csv"]), Deno.errors.NotFound);
    assertEquals(names(), [`.${job}.tmp`]);
    assertEquals((await completeResults(directory, job, ["rows.csv"])).length, 1);
    assertEquals([names(), names(job)], [[job], ["manifest.json", "rows.csv"]]);
  }));

Deno.test("a file's name is none that could lead elsewhere, and none that is ours", () =>
  scene(async (directory) => {
    for (const name of ["../a", "a/b", ".a", "", "A", "manifest.json", "a\0"]) {
      await assertRejects(() => writeResults(directory, newId("job"), { [name]: "" }), RangeError, "name");
    }
    for (const job of ["job_1", "../x"]) {
      await assertRejects(() => writeResults(directory, job, {}), DomainError);
    }
  }));

Deno.test("a disk that takes nothing is told as one, and leaves no files of the job", () =>
  scene(async (directory, names) => {
    const job = newId("job"), { open } = Deno;
    Deno.open = () => Promise.reject(Object.assign(new Error("no room"), { code: "ENOSPC" }));
    try {
      const error = await assertRejects(() => writeResults(directory, job, { "a.csv": "" }), DomainError);
      assertEquals([error.code, error.message], [
        "disk_full",
        `Cannot keep the files of ${job}: the disk is full`,
      ]);
    } finally {
      Deno.open = open;
    }
    assertEquals(names(), [`.${job}.tmp`]); // for the next attempt to replace, or a start to sweep
  }));

Deno.test("sweep() removes what nobody goes on with, and leaves what is listed, unknown or under way", () =>
  scene(async (directory, names) => {
    const files = [{ name: "a", bytes: 1, sha256: "ab" }];
    const jobs: Record<string, Job> = Object.fromEntries(
      [
        aJob({ status: "running" }),
        aJob({ status: "paused" }),
        aJob({ status: "succeeded", result: { files } }),
        aJob({ status: "cancelled" }),
        aJob({ status: "failed" }),
      ].map((job) => [job.id, job]),
    );
    const [running, paused, listed, cancelled, failed] = Object.keys(jobs), unknown = newId("job");
    const stay = [running, `.${running}.tmp`, `.${paused}.tmp`, listed, unknown, "notes", ".x.tmp"];
    const go = [
      `.${listed}.tmp`,
      cancelled,
      `.${cancelled}.tmp`,
      failed,
      `.${unknown}.tmp`,
      `.${paused}.old`,
    ];
    for (const name of [...stay, ...go]) await Deno.mkdir(`${directory}/${name}/x`, { recursive: true });
    const library = new FileResultLibrary(directory);
    await library.sweep((id) => jobs[id]);
    assertEquals(names(), stay.sort());
    await library.discard(paused);
    await library.discard(paused);
    assert(!names().includes(`.${paused}.tmp`));
    await new FileResultLibrary(`${directory}/none`).sweep(() => undefined);
  }));
