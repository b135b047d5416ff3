import { assertAlmostEquals } from "@std/assert";
import { Recorder } from "../../src/gpu/recorder.ts";
import { StepParams } from "../../src/gpu/step_params.ts";
import { FigureRing } from "../../src/training/figure_ring.ts";
import { NO_CLASS, recordLabelFigures } from "../../src/training/label_figures.ts";
import { gpu, noise, pipelines, upload, uploadWords } from "./oracle.ts";

const { device } = gpu;

for (const [N, C] of [[1, 1], [5, 3], [64, 65], [300, 10]]) {
  Deno.test(`loss and accuracy of rows that have a class, ${N}x${C}, in their place of the ring`, async () => {
    const logits = noise([N, C], 1), rowLoss = noise([N], 2), labels = new Uint32Array(N);
    for (let n = 0; n < N; n++) labels[n] = n % 4 === 3 ? NO_CLASS : n % 7 === 6 ? C : (n * 5) % C;
    if (C > 2) logits.data[1] = logits.data[0] = 9; // of equal ones the first counts
    labels[0] = Math.min(1, C - 1);
    const ring = new FigureRing(["other", "loss", "top1"] as const), step = new StepParams(device);
    const recorder = new Recorder(gpu.capabilities), tensor = ring.alloc(recorder);
    const sources = {
      ...{ logits: upload(logits), rowLoss: upload(rowLoss) },
      labels: uploadWords([N], labels),
    };
    recordLabelFigures(recorder, sources, { step: step.tensor, ring: tensor, place: ring.from("loss") }, 2);
    const plan = await recorder.compile(pipelines);
    for (const micro of [0, 1]) {
      step.write({ lr: 0, slot: 3, tau: 1, micro });
      plan.replay();
    }
    const [figures] = await ring.read(device, tensor, 3, 4);
    let loss = 0, correct = 0, counted = 0;
    for (let n = 0; n < N; n++) {
      loss += rowLoss.data[n];
      if (labels[n] >= C) continue;
      counted++;
      const row = [...logits.data.subarray(n * C, (n + 1) * C)];
      if (row.indexOf(Math.max(...row)) === labels[n]) correct++;
    }
    assertAlmostEquals(figures.loss, loss / counted, 1e-5 * (1 + Math.abs(loss / counted)));
    assertAlmostEquals(figures.top1, correct / counted, 1e-6);
    for (const part of [plan, step]) part.destroy();
  });
}
