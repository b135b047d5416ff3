import type { Values } from "./oracle.ts";

const cases = JSON.parse(
  Deno.readTextFileSync(new URL("../golden/torch_cases.json", import.meta.url)),
);

/** What torch's own function made of `op`, case by case: tensors by name, and plain parameters. */
export function torchCases(
  op: string,
  // deno-lint-ignore no-explicit-any
): { index: number; tensors: Record<string, Values>; params: Record<string, any> }[] {
  // deno-lint-ignore no-explicit-any
  return cases[op].map((given: Record<string, any>, index: number) => {
    const all = Object.entries(given), isTensor = ([, value]: [string, typeof all[0][1]]) => value?.data;
    return {
      index,
      tensors: Object.fromEntries(
        all.filter(isTensor).map((
          [name, { shape, data }],
        ) => [name, { shape, data: Float64Array.from(data) }]),
      ),
      params: Object.fromEntries(all.filter((entry) => !isTensor(entry))),
    };
  });
}
