import { recordCosineSimilarity } from "../../src/nn/cosine_similarity.ts";
import { expectClose, noise, run, summationError, upload } from "./oracle.ts";
import { l2Normalize } from "./reference/l2_normalize.ts";
import { linear } from "./reference/linear.ts";

for (const [Q, B, D] of [[1, 1, 1], [5, 33, 17], [64, 129, 64], [3, 1000, 512]]) {
  Deno.test(`cosine similarities agree with float64, ${Q} queries, ${B} rows of ${D}`, async () => {
    const queries = noise([Q, D], 1), bank = noise([B, D], 2, { std: 30 });
    if (B > 1) bank.data.fill(0, D, 2 * D); // a zero row is similar to nothing
    const [actual] = await run((
      recorder,
    ) => [recordCosineSimilarity(recorder, "knn", upload(queries), upload(bank))]);
    const a = l2Normalize(D, queries.data), b = l2Normalize(D, bank.data);
    const expected = linear({ N: Q, inputs: D, outputs: B }, a, b);
    // Unit vectors: the terms' magnitudes have a sum of at most 1. Each length rounds as a sum and a few more.
    const rtol = summationError(D) + 2 * summationError(D + 8);
    expectClose("similarities", actual, expected, rtol, new Float64Array(Q * B).fill(1));
  });
}
