/** jax-js as a contender: convolutions only. It is lazy, so every result is waited for. */
import * as jax from "@jax-js/jax";
import { type Run, serveContender } from "./contender.ts";

// deno-lint-ignore no-explicit-any -- the package's types do not follow its overloads
const { numpy: np, lax, jit, grad, blockUntilReady, init, defaultDevice } = jax as any;
await init("webgpu");
defaultDevice("webgpu");

await serveContender({
  convolution({ N, H, C, K, R }, direction): Promise<Run> {
    const x = np.ones([N, C, H, H]), w = np.ones([K, C, R, R]);
    // deno-lint-ignore no-explicit-any
    const conv = (x: any, w: any) => lax.convGeneralDilated(x, w, [1, 1], "SAME");
    const functions = {
      forward: jit(conv),
      // deno-lint-ignore no-explicit-any
      "input gradient": jit(grad((x: any, w: any) => conv(x, w).sum())),
      // deno-lint-ignore no-explicit-any
      "weight gradient": jit(grad((w: any, x: any) => conv(x, w).sum())),
    };
    const run = functions[direction];
    return Promise.resolve({
      enqueue: () => direction === "weight gradient" ? run(w.ref, x.ref) : run(x.ref, w.ref),
      wait: async (results) => void await Promise.all(results.map((result) => blockUntilReady(result))),
    });
  },
});
