import { type ArenaPlan, type Lifetime, planArena } from "./arena.ts";
import type { BindingAccess } from "./kernel_bindings.ts";
import { byteLength, type Tensor } from "./tensor.ts";

/** One dispatch, as far as memory is concerned. */
export interface Use {
  bindings: readonly Tensor[];
  access: readonly BindingAccess[];
}

/** Where a recording's tensors will lie, worked out before a byte is allocated. */
export interface MemoryPlan {
  /** Bytes of the arena's buffers. */
  bytes: number;
  /** Bytes alive at the busiest dispatch: the least that any layout needs. */
  peakBytes: number;
  /** Bytes that the tensors would take if each had memory of its own. */
  unsharedBytes: number;
  tensors: number;
  /** The largest tensor, which a binding must hold. */
  largest: { label: string; shape: readonly number[]; bytes: number } | undefined;
}

/**
 * Plans the memory of `tensors` over the dispatches that use them. A tensor holds its content from the first dispatch
 * that binds it to the last; a kept one always.
 *
 * @param kept Tensors that are read after a replay, or carry something from one replay to the next.
 * @throws {TypeError} If a tensor that is not kept is read before anything is written to it.
 */
export function planMemory(
  tensors: readonly Tensor[],
  uses: readonly Use[],
  kept: ReadonlySet<Tensor>,
  slabLimit: number,
): { arena: ArenaPlan; memory: MemoryPlan } {
  const index = new Map(tensors.map((tensor, i) => [tensor, i]));
  const lifetimes = tensors.map((tensor) => ({
    bytes: byteLength(tensor),
    first: kept.has(tensor) ? 0 : Infinity,
    last: kept.has(tensor) ? uses.length : -1,
    apart: new Set<number>(),
  }));
  for (const [at, { bindings, access }] of uses.entries()) {
    const bound = bindings.map((tensor) => index.get(tensor.base ?? tensor));
    for (const [b, i] of bound.entries()) {
      if (i === undefined) continue;
      const lifetime = lifetimes[i];
      if (lifetime.first === Infinity) {
        if (access[b] === "read") {
          throw new TypeError(`Cannot plan ${tensors[i].label}: it is read before it is written`);
        }
        lifetime.first = at;
      }
      lifetime.last = Math.max(lifetime.last, at);
      for (const [other, j] of bound.entries()) {
        if (j !== undefined && j !== i && access[b] !== access[other]) lifetime.apart.add(j);
      }
    }
  }
  for (const lifetime of lifetimes) if (lifetime.first === Infinity) [lifetime.first, lifetime.last] = [0, 0];
  const arena = planArena(lifetimes as Lifetime[], slabLimit);
  const largest = lifetimes.reduce(
    (most, { bytes }, i) => bytes > (lifetimes[most]?.bytes ?? -1) ? i : most,
    -1,
  );
  return {
    arena,
    memory: {
      bytes: arena.slabBytes.reduce((sum, bytes) => sum + bytes, 0),
      peakBytes: arena.peakBytes,
      unsharedBytes: lifetimes.reduce((sum, { bytes }) => sum + bytes, 0),
      tensors: tensors.length,
      largest: largest < 0
        ? undefined
        : { label: tensors[largest].label, shape: tensors[largest].shape, bytes: lifetimes[largest].bytes },
    },
  };
}
