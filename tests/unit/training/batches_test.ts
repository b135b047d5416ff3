import { assert, assertEquals } from "@std/assert";
import { Batches } from "../../../src/training/batches.ts";
import type { Loader, PackedBatch } from "../../../src/data/loader.ts";

/** A loader that takes `ms` for a batch, and says of which steps it made one. */
function loader(ms: number) {
  const loaded: number[] = [];
  const batch = (step: number) => {
    for (const end = performance.now() + ms; performance.now() < end;);
    loaded.push(step);
    return { epoch: step } as PackedBatch;
  };
  return { loaded, loader: { batch } as unknown as Loader };
}

Deno.test("Batches loads each batch once, the next one ahead", () => {
  const { loader: source, loaded } = loader(0), batches = new Batches(source);
  for (let k = 3; k < 6; k++) {
    assertEquals(batches.take(k).epoch, k);
    batches.loadAhead(k + 1);
    batches.loadAhead(k + 1);
  }
  assertEquals(loaded, [3, 4, 5, 6]);
  assertEquals(batches.take(9).epoch, 9); // a run that goes on elsewhere
  assertEquals(loaded, [3, 4, 5, 6, 9]);
});

Deno.test("Batches counts what the GPU waits for: nothing that is loaded while it works, all of it while it starves", () => {
  const { loader: source } = loader(5), batches = new Batches(source);
  batches.take(0);
  batches.submitted();
  batches.loadAhead(1);
  const first = batches.close(1000, 100); // the first batch is nobody's company
  assert(first >= 0.05 && first < 0.1, `${first}`);
  batches.take(1);
  batches.submitted();
  batches.loadAhead(2);
  assertEquals(batches.close(1000, 100), 0);
  batches.take(2);
  batches.submitted();
  batches.loadAhead(3);
  const starved = batches.close(0, 100);
  assert(starved >= 0.05 && starved < 0.1, `${starved}`);
});
