// A child without a GPU: it speaks the real protocol through the real loop, and misbehaves where a request says so.
import { DomainError } from "../../../src/domain/errors.ts";
import { serveWorker } from "../../../src/ipc/worker_loop.ts";

await serveWorker({
  ready: () => Promise.resolve("fake adapter"),
  async handle(request, payload, say, signal) {
    const name = request.type === "embed" ? request.checkpoint : request.task.job;
    console.log("a stray line that must not reach standard output");
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
      case "babble":
        Deno.stdout.writeSync(new TextEncoder().encode("not a frame, but long enough to be read as one"));
        break;
      case "wait":
        say({ type: "message", level: "info", text: "waiting" });
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    }
    say({ type: "message", level: "info", text: `working on ${name}` });
    return { result: { pid: Deno.pid }, payload };
  },
});
