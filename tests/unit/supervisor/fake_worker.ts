// A child without a GPU: it speaks the real protocol through the real loop, and misbehaves where a request says so.
import { DomainError, GPU_LOST } from "../../../src/domain/errors.ts";
import type { JobStopped } from "../../../src/domain/job.ts";
import { serveWorker } from "../../../src/ipc/worker_loop.ts";

/** A file that is there until one life of this worker has found no adapter. */
const failOnce = Deno.env.get("FAKE_FAIL_ONCE");

const failed = Promise.withResolvers<Error>();

await serveWorker({
  async ready() {
    if (Deno.env.get("FAKE_NEVER_READY")) await new Promise((resolve) => setTimeout(resolve, 1e6));
    if (failOnce) {
      const there = await Deno.remove(failOnce).then(() => true, () => false);
      if (there) throw new DomainError("unavailable", "Cannot find an adapter");
    }
    return { adapter: "fake adapter", failed: failed.promise };
  },
  async handle(request, payload, say, signal) {
    const name = request.type === "embed" || request.type === "warm"
      ? request.checkpoint
      : request.type === "train"
      ? request.task.job
      : request.type === "views"
      ? request.request.dataset
      : request.type === "canary"
      ? Deno.env.get("FAKE_CANARY")
      : request.type === "index" || request.type === "neighbors" || request.type === "project"
      ? request.key.checkpoint
      : request.archive;
    console.log("a stray line that must not reach standard output");
    console.dir({ nor: "this" });
    console.table([{ nor: "this" }]);
    console.count("nor this");
    switch (name) {
      case "refuse":
        throw new DomainError("invalid", "Cannot do this", {
          type: "fake",
          errors: [{ detail: "wrong", pointer: "#/a" }],
        });
      case "break":
        throw new Error("a secret of the inside");
      case "die":
        Deno.kill(Deno.pid, "SIGKILL");
        break;
      case "lose": // as a readback does that finds the device gone
        throw new DomainError("unavailable", "Cannot go on: the GPU was lost (a test)", { type: GPU_LOST });
      case "fail": // as a device does that nobody asks anything just then
        failed.resolve(new DomainError("unavailable", "Cannot allocate", { type: "gpu_out_of_memory" }));
        await new Promise(() => {});
        break;
      case "babble":
        Deno.stdout.writeSync(new TextEncoder().encode("not a frame, but long enough to be read as one"));
        break;
      case "spin":
        await say({ type: "message", level: "info", text: "spinning" }); // nothing gets out after this
        for (;;);
      case "save": { // as a trainer does that keeps a last checkpoint
        say({ type: "message", level: "info", text: "training" });
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        await new Promise((resolve) => setTimeout(resolve, 100));
        const { reason } = signal.reason as JobStopped;
        await say({ type: "message", level: "info", text: `stopped by ${reason}` });
        throw signal.reason;
      }
      case "wait":
        say({ type: "message", level: "info", text: "waiting" });
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    }
    if (request.type === "ingest") {
      const standing = { images: 1, rejected: 0, bytesRead: 2, bytesTotal: 3 };
      say({ type: "ingesting", standing });
      return { result: { summary: { pid: Deno.pid }, hung: name === "leaves a thread behind" ? 1 : 0 } };
    }
    if (request.type === "train") {
      const progress = { step: 1, total_steps: 2, epoch: 0, images_per_s: 3, eta_s: null };
      say({ type: "progress", progress, metrics: { loss: 0.5 } });
    }
    say({ type: "message", level: "info", text: `working on ${name}` });
    return { result: { pid: Deno.pid }, payload };
  },
});
