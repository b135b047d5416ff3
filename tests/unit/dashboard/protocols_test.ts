import { assertEquals } from "@std/assert";
import { bestOf, byProtocol } from "../../../src/dashboard/screens/models/protocols.ts";

type Evaluation = Parameters<typeof byProtocol>[0][number];
const made = (checkpoint: string, top1: number, protocol: object = {}, rest: object = {}): Evaluation => ({
  ...{ object: "evaluation", checkpoint, step: 1, kind: "knn", job: `job_${checkpoint}`, dataset: "ds_1" },
  ...{ split: "test", created_at: "2026-01-01T00:00:00Z", metrics: { top1 } },
  protocol: { k: 5, temperature: 0.1, distance: "cosine", bank_split: "train", ...protocol },
  ...rest,
} as Evaluation);

Deno.test("evaluations share a row where everything that they depend on is equal, and the best is marked", () => {
  const [group, ...others] = byProtocol([made("a", 0.5), made("b", 0.7), made("c", 0.7)]);
  assertEquals(others, []);
  assertEquals(group.settings, "k 5 · T 0.1 · bank train");
  assertEquals([...bestOf(group, "top1")], ["b", "c"]);
});

Deno.test("another k, temperature, split, dataset, bank or kind is another row, where nothing is best", () => {
  const others = [
    ...[
      made("b", 0.9, { k: 20 }),
      made("b", 0.9, { temperature: 0.07 }),
      made("b", 0.9, {}, { split: "val" }),
    ],
    ...[
      made("b", 0.9, {}, { dataset: "ds_2" }),
      made("b", 0.9, { bank: 50 }),
      made("b", 0.9, {}, { kind: "online_knn" }),
    ],
  ];
  for (const other of others) {
    const groups = byProtocol([made("a", 0.5), other]);
    assertEquals(groups.length, 2);
    for (const group of groups) assertEquals(bestOf(group, "top1").size, 0);
  }
});

Deno.test("what was chosen, or says nothing of the protocol, does not set evaluations apart", () => {
  const probe = { kind: "linear_probe", protocol: { protocol: "lbfgs", train_split: "train", lambda: 1 } };
  const other = { kind: "linear_probe", protocol: { protocol: "lbfgs", train_split: "train", lambda: 10 } };
  assertEquals(byProtocol([made("a", 0.5, {}, probe), made("b", 0.6, {}, other)]).length, 1);
  assertEquals(
    byProtocol([made("a", 0.5), made("b", 0.6, { preprocessing: { px: 32, resized: 3 } })]).length,
    1,
  );
});

Deno.test("of a protocol the newest evaluation counts; figures without a better and worse are not marked", () => {
  const [group] = byProtocol([
    made("a", 0.5, {}, { metrics: { top1: 0.5, rankme: 9 } }),
    made("a", 0.9),
    made("b", 0.4, {}, { metrics: { top1: 0.4, rankme: 12 } }),
  ]);
  assertEquals(group.of.get("a")!.metrics.top1, 0.5);
  assertEquals([...bestOf(group, "top1")], ["a"]);
  assertEquals(bestOf(group, "rankme").size, 0);
  assertEquals(group.metrics, ["top1", "rankme"]);
});
