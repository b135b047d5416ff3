import { assert, assertEquals } from "@std/assert";
import type { RandomStream } from "../../src/domain/philox.ts";
import { photographs } from "./photographs.ts";
import { isAlive, TestServer } from "./server.ts";

const STEPS = 48;
const CONFIG = {
  ...{ arch: "cifar_resnet8", px: 16, batch: 16, steps: STEPS, seed: 1 },
  ...{ projector: { hidden: 32, out: 16 }, predictor: { hidden: 32 }, tau: 0.9 },
  ...{ optimizer: { name: "lars", base_lr: 4, warmup_epochs: 0 }, evaluate: null },
  checkpoint: { every_steps: 5, keep_last: 2, keep_every: 20 },
};
/** A job over which more die without a new checkpoint is given up, as it should be. */
const KILLS_A_JOB = 2;
/** As often as not a kill comes so soon after what it follows: a job's row, a restart. */
const SOON_MS = 300;

interface Event {
  seq: number;
  type: string;
}
interface Checkpoint {
  id: string;
  step: number;
  files: { name: string; sha256: string }[];
}
/** One kill: of what, how long after what came before, and where the job stood. */
export interface KillPoint {
  job: string;
  what: "server" | "train worker";
  after_ms: number;
  step: number;
}

/**
 * Kills a real server, or its training process, at random moments of real jobs, and looks after each for all that was
 * acknowledged: jobs by their ids, events without a gap and as they were read before, checkpoints by their hashes. Every job
 * must end with the bits of one that was left alone.
 *
 * @param random What draws the moments.
 * @param told Called after each kill.
 */
export async function surviveKills(
  directory: string,
  kills: number,
  random: RandomStream,
  told: (point: KillPoint) => void = () => {},
): Promise<{ jobs: number; checkpoints: number; events: number }> {
  let server = await TestServer.start(directory);
  const seen = new Map<string, Event[]>(), verified = new Set<string>();
  try {
    const { id: dataset } = await server.json("/v1/datasets?name=photos", {
      method: "POST",
      headers: { "Content-Type": "application/x-tar" },
      body: (await photographs()).tar,
    });
    await server.until(() => server.json(`/v1/datasets/${dataset}`), ({ status }) => status === "ready");
    const submit = async () => {
      const response = await server.post("/v1/jobs", {
        kind: "pretrain",
        dataset,
        config: CONFIG,
        metadata: { n: String(seen.size) },
      });
      const { id } = await response.json();
      assertEquals(response.status, 202);
      seen.set(id, []);
      return id as string;
    };
    const isOver = (job: Record<string, unknown>) =>
      ["succeeded", "failed", "cancelled"].includes(job.status as string);
    const endOf = async (job: string): Promise<string[]> => {
      const ended = await server.until(() => server.json(`/v1/jobs/${job}`), isOver, 300);
      assertEquals(ended.status, "succeeded", JSON.stringify(ended.error));
      const last = (await checkpointsOf(server, job)).find(({ step }) => step === STEPS)!;
      return ["training_state.safetensors", "model.safetensors"]
        .map((name) => last.files.find((file) => file.name === name)!.sha256);
    };
    const start = performance.now(), expected = await endOf(await submit());
    const runMs = performance.now() - start;

    for (let killed = 0; killed < kills;) {
      const job = await submit();
      for (let n = 0; n < KILLS_A_JOB && killed < kills; n++, killed++) {
        const what = random.below(2) === 0 ? "server" : "train worker";
        const after = random.below(random.below(2) === 0 ? SOON_MS : Math.ceil(runMs));
        await new Promise((resolve) => setTimeout(resolve, after));
        // What a client has read may not be unsaid.
        seen.set(job, await eventsOf(server, job));
        const { progress } = await server.json(`/v1/jobs/${job}`);
        if (what === "train worker") {
          // One that was killed before may not have its successor yet.
          Deno.kill(await server.until(() => server.child("train"), isAlive), "SIGKILL");
        }
        if (what === "server") {
          await server.crash();
          server = await TestServer.start(directory);
        }
        told({ job, what, after_ms: after, step: (progress as { step: number } | null)?.step ?? 0 });
        for (const [id, before] of seen) await check(server, id, before, verified);
      }
      assertEquals(await endOf(job), expected);
    }
    let events = 0;
    for (const [id, before] of seen) events += await check(server, id, before, verified);
    return { jobs: seen.size, checkpoints: verified.size, events };
  } finally {
    await server.stop();
  }
}

/** That a job is there, with its events and whole checkpoints. @returns How many events it has. */
async function check(
  server: TestServer,
  job: string,
  before: Event[],
  verified: Set<string>,
): Promise<number> {
  const { id } = await server.json(`/v1/jobs/${job}`);
  assertEquals(id, job);
  const events = await eventsOf(server, job);
  assertEquals(events.map(({ seq }) => seq), events.map((_, i) => i + 1), `${job}: events without a gap`);
  assertEquals(events.slice(0, before.length), before, `${job}: events as they were read`);
  for (const checkpoint of await checkpointsOf(server, job)) {
    if (verified.has(checkpoint.id)) continue;
    for (const { name, sha256 } of checkpoint.files) {
      const response = await server.fetch(`/v1/checkpoints/${checkpoint.id}/files/${name}`);
      const bytes = await response.bytes();
      if (response.status === 404) { // retention was faster
        assertEquals(await server.statusOf(`/v1/checkpoints/${checkpoint.id}`), 404, checkpoint.id);
        break;
      }
      const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
      assertEquals(hash, sha256, `${checkpoint.id}: ${name}`);
    }
    verified.add(checkpoint.id);
  }
  return events.length;
}

async function checkpointsOf(server: TestServer, job: string): Promise<Checkpoint[]> {
  return (await server.json(`/v1/jobs/${job}/checkpoints`)).data as Checkpoint[];
}

async function eventsOf(server: TestServer, job: string): Promise<Event[]> {
  const events: Event[] = [];
  for (;;) {
    const path = `/v1/jobs/${job}/events?limit=100&after=${events.at(-1)?.seq ?? 0}`;
    const page = await server.json(path, { headers: { Accept: "application/json" } });
    events.push(...page.data as Event[]);
    if (!page.has_more) return events;
    assert((page.data as Event[]).length > 0, "a page that has more is not empty");
  }
}
