import { assertEquals, assertRejects } from "@std/assert";
import { DomainError } from "../../../src/domain/errors.ts";
import type { RgbImage } from "../../../src/domain/image.ts";
import { EmbeddingQueue } from "../../../src/supervisor/embedding_queue.ts";

const image = (value: number, bytes = 3): RgbImage => ({
  ...{ width: bytes / 3, height: 1, pixels: new Uint8Array(bytes).fill(value) },
});
const images = (...values: number[]) => values.map((value) => image(value));

/** A queue before an embedder that answers when it is told to; a row is its image's first byte. */
function scene(options: Partial<EmbeddingQueue["options"]> = {}) {
  const batches: {
    pass: string;
    checkpoint: string;
    values: number[];
    signal: AbortSignal;
    answer(): Promise<void>;
    fail(error: Error): Promise<void>;
  }[] = [];
  const turn = () => new Promise<void>((resolve) => setTimeout(resolve));
  const answering = (pass: string): EmbeddingQueue["embed"] => (checkpoint, batch, signal, onStages) => {
    const { promise, resolve, reject } = Promise.withResolvers<Float32Array[]>();
    const values = batch.map(({ pixels }) => pixels[0]);
    batches.push({
      ...{ pass, checkpoint, values, signal: signal! },
      answer: () => {
        onStages!({ queue: 0, load: 0, gpu: batches.length });
        resolve(values.map((value) => Float32Array.of(value)));
        return turn();
      },
      fail: (error) => (reject(error), turn()),
    });
    return promise;
  };
  const queue = new EmbeddingQueue({
    ready: () => true,
    unready: () => [],
    views: () => Promise.reject(new Error("not asked for")),
    embed: answering("embed"),
    classify: answering("classify"),
  }, { maxImages: 100, ...options });
  return { queue, batches, turn };
}
const valuesOf = async (rows: Promise<Float32Array[]>) => (await rows).map(([value]) => value);

Deno.test("what comes while a batch is worked on makes up the next, in order, and each has its own rows", async () => {
  const { queue, batches } = scene();
  const answers = [queue.embed("a", images(1)), queue.embed("a", images(2, 3))]; // both at once: none waits
  answers.push(queue.embed("a", images(4)), queue.embed("b", images(5)), queue.embed("a", images(6, 7)));
  assertEquals(batches.map(({ values }) => values), [[1], [2, 3]]);
  assertEquals(queue.queued, 4);
  await batches[0].answer();
  assertEquals(batches[2].values, [4, 6, 7]);
  await batches[1].answer();
  assertEquals([batches[3].checkpoint, batches[3].values], ["b", [5]]);
  await batches[3].answer();
  await batches[2].answer();
  assertEquals(await Promise.all(answers.map(valuesOf)), [[1], [2, 3], [4], [5], [6, 7]]);
  assertEquals([queue.queued, batches.length], [0, 4]);
});

Deno.test("the next batch is closed shortly before the one that is worked on is expected to end, or with its end", async () => {
  const { queue, batches, turn } = scene({ batchImages: 4 });
  const first = queue.embed("a", images(1));
  await new Promise((resolve) => setTimeout(resolve, 200));
  await batches[0].answer();
  const answers = [
    first,
    queue.embed("a", images(2)),
    queue.embed("a", images(3)),
    queue.embed("a", images(4)),
  ];
  await turn();
  assertEquals(batches.map(({ values }) => values), [[1], [2]]);
  while (batches.length < 3) await turn(); // nothing has been answered: the time has come
  assertEquals(batches[2].values, [3, 4]);
  answers.push(queue.embed("a", images(5)));
  await batches[1].answer();
  await batches[2].answer();
  await batches[3].answer();
  assertEquals(await Promise.all(answers.map(valuesOf)), [[1], [2], [3], [4], [5]]);

  const slow = queue.embed("a", images(6));
  await new Promise((resolve) => setTimeout(resolve, 500));
  await batches[4].answer();
  const last = [slow, queue.embed("a", images(7)), queue.embed("a", images(8, 9, 10, 11))];
  assertEquals(batches[6].values, [8, 9, 10, 11], "a full one has nothing to wait for");
  last.push(queue.embed("a", images(12)));
  await batches[5].answer();
  await batches[6].answer();
  await batches[7].answer();
  assertEquals(await Promise.all(last.map(valuesOf)), [[6], [7], [8, 9, 10, 11], [12]]);
});

Deno.test("what is to be classified waits in the same line, and makes up batches of its own", async () => {
  const { queue, batches } = scene();
  const answers = [queue.embed("a", images(1)), queue.classify("a", images(2))];
  answers.push(queue.classify("a", images(3)), queue.embed("a", images(4)), queue.classify("a", images(5)));
  assertEquals(queue.queued, 3);
  for (let n = 0; n < 4; n++) await batches[n].answer();
  assertEquals(batches.map(({ pass, values }) => [pass, values]), [
    ...[["embed", [1]], ["classify", [2]], ["classify", [3, 5]], ["embed", [4]]],
  ]);
  assertEquals(await Promise.all(answers.map(valuesOf)), [[1], [2], [3], [4], [5]]);
});

Deno.test("a batch has so many images and bytes at most; a request may be several, an image that is larger goes alone", async () => {
  const { queue, batches } = scene({ batchImages: 3, batchBytes: 30 });
  const large = queue.embed("a", [image(1, 60), image(2, 30), image(3), image(4), image(5), image(6)]);
  await batches[0].answer();
  await batches[1].answer();
  await batches[2].answer();
  assertEquals(batches.map(({ values }) => values), [[1], [2], [3, 4, 5], [6]]);
  await batches[3].answer();
  assertEquals(await valuesOf(large), [1, 2, 3, 4, 5, 6]);
});

Deno.test("past its limit the queue is full, until images leave it; a request alone may be larger", async () => {
  const { queue, batches } = scene({ maxImages: 3, batchImages: 2 });
  const first = queue.embed("a", images(1, 2, 3, 4, 5, 6, 7)); // two batches of two are out, three images wait
  const full = await assertRejects(
    () => queue.embed("a", images(8)),
    DomainError,
    "3 images wait",
  ) as DomainError;
  assertEquals([full.code, full.options.retryAfterSeconds], ["queue_full", 1]);
  await batches[0].answer();
  const second = queue.embed("a", images(8));
  for (let n = 1; n < 5; n++) await batches[n]?.answer();
  assertEquals([await valuesOf(first), await valuesOf(second)], [[1, 2, 3, 4, 5, 6, 7], [8]]);
});

Deno.test("whoever goes away is out of the queue; a batch that nobody waits for any more is given up", async () => {
  const { queue, batches, turn } = scene();
  const [a, b, c] = [new AbortController(), new AbortController(), new AbortController()];
  const gone = [queue.embed("a", images(1), a.signal), queue.embed("a", images(2), b.signal)];
  gone.push(queue.embed("a", images(3), c.signal));
  const stays = queue.embed("a", images(4));
  for (const promise of gone) promise.catch(() => {});
  c.abort(new Error("gone"));
  a.abort(new Error("gone"));
  await turn();
  assertEquals([batches[0].signal.aborted, batches[1].signal.aborted, queue.queued], [true, false, 1]);
  await batches[0].fail(new Error("cancelled"));
  assertEquals(batches[2].values, [4]);
  await batches[2].answer();
  assertEquals(await valuesOf(stays), [4]);
  await batches[1].answer();
  assertEquals(await valuesOf(gone[1]), [2]);
  for (const promise of [gone[0], gone[2]]) await assertRejects(() => promise, Error, "gone");
  await assertRejects(() => queue.embed("a", images(1), a.signal), Error, "gone");
});

Deno.test("a batch's failure is that of the requests in it, and of no other", async () => {
  const { queue, batches } = scene();
  const failed = queue.embed("a", images(1)),
    other = queue.embed("b", images(2)),
    next = queue.embed("a", images(3));
  failed.catch(() => {});
  await batches[0].fail(new Error("broken"));
  for (const n of [1, 2]) await batches[n].answer();
  await assertRejects(() => failed, Error, "broken");
  assertEquals([await valuesOf(other), await valuesOf(next)], [[2], [3]]);
});

Deno.test("each request is told where the batches that it was in spent their time", async () => {
  const { queue, batches } = scene({ batchImages: 2 }), told: number[][] = [[], []];
  const ask = (n: number, ...values: number[]) =>
    queue.embed("a", images(...values), undefined, ({ gpu }) => told[n].push(gpu));
  const answers = [ask(0, 1), ask(1, 2, 3, 4)]; // a batch of 1, one of 2 and 3, and one of 4
  for (let n = 0; n < 3; n++) await batches[n].answer();
  await Promise.all(answers);
  assertEquals(told, [[2], [3, 3]]);
});
