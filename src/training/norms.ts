import normsSource from "../../kernels/parameter_norms.wgsl" with { type: "text" };
import metricsSource from "../../kernels/update_metrics.wgsl" with { type: "text" };
import type { FlatBuffer, LayoutPart } from "../gpu/parameters.ts";
import { foldGrid, type Recorder } from "../gpu/recorder.ts";
import { elementCount, type Tensor } from "../gpu/tensor.ts";
import { CHUNK } from "../optim/segments.ts";
import type { FigurePlace } from "./figure_ring.ts";

/** The flat buffers that norms are taken of; a target's layout is a prefix of the trained network's. */
export interface NormSources {
  values: FlatBuffer;
  gradients: FlatBuffer;
  /** What the parameters' distance is taken from; without one it is 0. */
  target?: FlatBuffer;
}

/**
 * Records the norms of the gradients, of the parameters, and of what lies between them and the target's, with the loss
 * scale's state, into the step's slot of the ring; recorded after the optimiser's step and the average. One dispatch for
 * each part that a binding holds, two where a part has parameters of the predictor, and one for all.
 *
 * @param control A loss scale's state, after its check: gradients are divided by the scale.
 * @param ring As `FigureRing.alloc`'s. @param place Where in it: the gradients' norm, the parameters', the distance as a
 *   share of the latter, the loss scale, and how many steps were skipped.
 * @returns What writes the recording's table, to be called once, after `compile` and before the first replay.
 */
export function recordUpdateMetrics(
  recorder: Recorder,
  { values, gradients, target }: NormSources,
  step: Tensor,
  ring: Tensor,
  place: FigurePlace,
  control: Tensor,
): { writeTables(device: GPUDevice): void } {
  const stretches = stretchesOf(values, target).map((stretch) => ({
    ...stretch,
    chunks: chunksOf(stretch.part),
  }));
  const words = Uint32Array.from(stretches.flatMap(({ chunks }) => chunks)), count = words.length / 2;
  const table = recorder.keep(recorder.alloc("norms.chunks", [count, 2], "u32"));
  const partials = recorder.alloc("norms.partials", [count, 4]);
  let first = 0;
  for (const { part, shared, chunks } of stretches) {
    const here = chunks.length / 2, [g, w] = [gradients, values].map((flat) => flat.part(part));
    recorder.dispatch(
      { name: "parameter_norms", source: normsSource, overrides: { SHARED: Number(shared) } },
      [g, w, shared ? target!.part(part) : w, table, recorder.constant([first, here]), control, partials],
      foldGrid(here),
    );
    first += here;
  }
  recorder.dispatch(
    { name: "update_metrics", source: metricsSource, overrides: { ...place } },
    [partials, step, control, ring],
    [1],
  );
  return {
    writeTables(device) {
      const { buffer, offset } = table.storage!;
      device.queue.writeBuffer(buffer, offset, words);
    },
  };
}

/** The target's parts, then what the online network has beside, in its own parts. */
function stretchesOf(
  values: FlatBuffer,
  target: FlatBuffer | undefined,
): { part: LayoutPart; shared: boolean }[] {
  const end = target?.layout.length ?? 0;
  const beside = values.parts.flatMap(({ offset, length, slots }): LayoutPart[] => {
    const rest = slots.filter((slot) => slot.offset >= end);
    return rest.length === 0
      ? []
      : [{ offset: rest[0].offset, length: offset + length - rest[0].offset, slots: rest }];
  });
  return [
    ...(target?.parts ?? []).map((part) => ({ part, shared: true })),
    ...beside.map((part) => ({ part, shared: false })),
  ];
}

/** First element, counted from the part's start, and length of each chunk, one pair after another. */
function chunksOf({ offset: start, slots }: LayoutPart): number[] {
  return slots.flatMap(({ offset, shape }) => {
    const length = elementCount(shape);
    return Array.from({ length: Math.ceil(length / CHUNK) }, (_, c) => [
      offset - start + c * CHUNK,
      Math.min(CHUNK, length - c * CHUNK),
    ]).flat();
  });
}
