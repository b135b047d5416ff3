import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  NO_ROWS,
  type Rows,
  rowsOf,
  smooth,
  stepsWithin,
  withDetail,
  withEvents,
} from "../../../src/dashboard/screens/jobs/curves/curve_rows.ts";
import { changeRange, plotData, type Subject } from "../../../src/dashboard/screens/jobs/curves/plot_data.ts";
import { PANELS } from "../../../src/dashboard/screens/jobs/curves/panels.ts";

const at = (seconds: number) => new Date(1000 * seconds).toISOString();
const event = (step: number, data: Record<string, number>) =>
  ({ type: "metrics", data: { step, ...data }, created_at: at(step) }) as const;
const rows = (step: number[], loss: number[]): Rows => ({ step, time: step, columns: { loss } });

Deno.test("what the stream tells is added to the curves, and replaces what an attempt makes again", () => {
  const fetched = rowsOf({ step: [1, 2], created_at: [at(1), at(2)], loss: [5, 4], lr: [null, null] });
  assertEquals(fetched, rows([1, 2], [5, 4]));
  const three = withEvents(fetched, [event(3, { loss: 3, lr: 1 })], ["loss", "lr"]);
  assertEquals(three.columns, { loss: [5, 4, 3], lr: [null, null, 1] });
  // Told again, with all that follows: nothing changes.
  assertEquals(
    withEvents(three, [event(2, { loss: 4 }), event(3, { loss: 3, lr: 1 })], ["loss", "lr"]),
    three,
  );
  // From a checkpoint at step 1.
  assertEquals(
    withEvents(rows([1, 2, 3], [5, 4, 3]), [event(2, { loss: 9 })], ["loss"]),
    rows([1, 2], [5, 9]),
  );
  assertEquals(withEvents(NO_ROWS, [event(1, { other: 1 })], ["loss"]), NO_ROWS);
  assertEquals(withEvents(NO_ROWS, [event(1, { loss: 1 })], ["loss"]), rows([1], [1]));
});

Deno.test("a range in detail takes the place of that range, and of nothing else", () => {
  const whole = rows([0, 10, 20, 30], [0, 1, 2, 3]);
  assertEquals(withDetail(whole, rows([9, 10, 11, 20], [7, 7, 7, 7])).step, [0, 9, 10, 11, 20, 30]);
  assertEquals(withDetail(whole, rows([28, 29], [7, 7])).step, [0, 10, 20, 28, 29, 30]);
  assertEquals(withDetail(whole, rows([31], [7])).step, [0, 10, 20, 30, 31]);
  assertEquals(withDetail(whole, NO_ROWS), whole);
  assertEquals(withDetail(whole, { step: [10], time: [10], columns: { lr: [1] } }).columns, {
    loss: [0, null, 2, 3],
    lr: [null, 1, null, null],
  });
});

Deno.test("smoothing is a moving average that does not begin at zero, and leaves gaps", () => {
  assertEquals(smooth([1, null, 3], 0), [1, null, 3]);
  const [first, gap, third] = smooth([1, null, 3], 0.5);
  assertEquals([first, gap], [1, null]);
  assertAlmostEquals(third!, (0.5 * 0.5 * 1 + 0.5 * 3) / 0.75);
});

Deno.test("ranges are moved and changed within what there is", () => {
  assertEquals(changeRange([2, 4], [0, 10], { factor: 2 }), [1, 5]);
  assertEquals(changeRange([0, 4], [0, 10], { move: -1 }), [0, 4]);
  assertEquals(changeRange([8, 10], [0, 10], { factor: 2 }), [6, 10]);
  assertEquals(changeRange([1, 9], [0, 10], { factor: 2 }), undefined);
  assertEquals(stepsWithin(rows([0, 10, 20, 30], []), [9, 21], 0), [0, 30]);
  assertEquals(stepsWithin(rows([0, 10, 20, 30], []), [12, 18], 0), [10, 20]);
});

Deno.test("one job has all curves of a panel; several have the first, each in a colour of its own", () => {
  const subject = (id: string, columns: Record<string, number[]>): Subject => ({
    ...{ id, name: id, origin: 0, sparse: NO_ROWS },
    dense: { step: [1], time: [1], columns },
  });
  const loss = PANELS[0], view = { axis: "step", weight: 0 } as const;
  const one = plotData(loss, [subject("a", { loss: [1], loss_view2: [2] })], view);
  assertEquals(one.lines.map(({ name, dashed }) => [name, dashed]), [["loss", false], ["view 2", true]]);
  const two = plotData(
    loss,
    [subject("a", { loss: [1], loss_view2: [2] }), subject("b", { loss: [3] })],
    view,
  );
  assertEquals(two.lines.map(({ name, color }) => [name, color]), [["a", "--c1"], ["b", "--c2"]]);
  const smoothed = plotData(loss, [subject("a", { loss: [1] })], { axis: "time", weight: 0.5 });
  assertEquals(smoothed.lines.map(({ raw }) => raw), [true, false]);
  assertEquals(smoothed.tables, [[[1], [1], [1]]]);
});
