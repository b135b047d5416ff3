import { join } from "@std/path";
import { readModel } from "../checkpoint/checkpoint_reader.ts";
import { DatasetReader } from "../data/dataset_reader.ts";
import type { EmbedConfig } from "../domain/embed.ts";
import type { JobFile } from "../domain/job_file.ts";
import { toUnitLength } from "../domain/unit_length.ts";
import { Encoder } from "../inference/encoder.ts";
import { Preprocessor } from "../inference/preprocess.ts";
import { csvTable, idLines, parquetTable, writeTable } from "../results/embedding_tables.ts";
import { completeResults, keptResults, tellingDiskFaults } from "../results/result_files.ts";
import { RowFile } from "../results/row_file.ts";
import { embedRounds } from "./embed_rounds.ts";
import { judgeQuality } from "./embedding_quality.ts";
import { planEmbed } from "./frozen_kinds.ts";
import { planFrozen } from "./frozen_plan.ts";
import type { Run } from "./run.ts";

const ROWS = "embeddings.npy";
/** What is made of the rows, once all are there. */
const TABLES = {
  npy: { name: "ids.jsonl", table: idLines },
  parquet: { name: "embeddings.parquet", table: parquetTable },
  csv: { name: "embeddings.csv", table: csvTable },
};
/** How much work a worker that is killed may lose. */
const KEEP_EVERY_MS = 2000;

/**
 * Runs an `embed` job: embeds images with the checkpoint's frozen encoder into a file of rows, from where an earlier attempt
 * has kept them, and makes of that what was asked for.
 *
 * @returns The job's result: its files, and what they are of.
 * @throws {DomainError} `not_found` or `conflict` for the checkpoint; `disk_full`.
 */
export function runEmbed(config: EmbedConfig, run: Run): Promise<Record<string, unknown>> {
  return tellingDiskFaults(run.task.job, () => embed(config, run));
}

async function embed(config: EmbedConfig, run: Run): Promise<Record<string, unknown>> {
  const { pipelines, dataDir, task, say, signal } = run;
  const { checkpoint, split, format, normalize } = config, results = join(dataDir, "results");
  const { tensors, config: model } = await readModel(join(dataDir, "checkpoints"), checkpoint);
  const reader = DatasetReader.open(join(dataDir, "datasets", task.dataset));
  const { arch, preprocessing } = model;
  const open: { destroy(): void }[] = [{ destroy: () => reader.close() }];
  let rows: RowFile | undefined;
  try {
    const { images } = planFrozen(run, { reader, model }, (of) => planEmbed(config, of));
    const encoder = new Encoder(pipelines, arch, preprocessing.px, tensors, undefined, images);
    const preprocessor = new Preprocessor(pipelines, preprocessing);
    open.push(encoder, preprocessor);
    const items = reader.items(split ?? undefined), { dim } = encoder;
    const of = { checkpoint, dataset: task.fingerprint, split, normalize };
    const about = { ...of, format, images: items.length, dim };
    const judged = { run, reader, encoder, preprocessor, model };
    const result = async (files: JobFile[]) => ({
      ...{ checkpoint, split, format, normalize, images: items.length, dim },
      ...{ px: preprocessing.px, files },
      ...(config.quality ? { quality: await judgeQuality(judged, split, items) } : {}),
    });
    const done = await keptResults(results, task.job, about);
    if (done) return await result(done); // the worker died before it could say so
    rows = await RowFile.open(results, task.job, ROWS, [items.length, dim], of);
    const started = rows.kept, start = performance.now();
    let keptAt = start;
    const tell = (written: number) => {
      const rate = (1000 * (written - started)) / Math.max(1, performance.now() - start);
      const progress = {
        ...{ step: written, total_steps: items.length, epoch: written / Math.max(1, items.length) },
        ...{ images_per_s: rate, eta_s: rate > 0 ? (items.length - written) / rate : null },
      };
      say({ type: "progress", progress, metrics: {} });
    };
    const keep = async (file: RowFile) => {
      if (await file.keep()) say({ type: "kept" });
      keptAt = performance.now();
    };
    const rest = items.subarray(started);
    try {
      for await (const round of embedRounds(encoder, preprocessor, reader, rest, signal)) {
        if (normalize) forEachRow(round.rows, dim, toUnitLength);
        await rows.append(round.rows);
        if (performance.now() - keptAt > KEEP_EVERY_MS) await keep(rows);
        tell(rows.written);
      }
    } finally {
      await keep(rows); // also what was done when the job was paused
    }
    const { name, table } = TABLES[format];
    await writeTable(
      name,
      table(),
      { rows, items: { numbers: items, entry: (n) => reader.entry(n) } },
      signal,
    );
    return await result(
      await completeResults(results, task.job, format === "npy" ? [ROWS, name] : [name], about),
    );
  } finally {
    rows?.close();
    for (const part of open.reverse()) part.destroy();
  }
}

function forEachRow(rows: Float32Array, dim: number, change: (row: Float32Array) => void): void {
  for (let at = 0; at < rows.length; at += dim) change(rows.subarray(at, at + dim));
}
