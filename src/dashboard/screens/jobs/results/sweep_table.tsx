import { formatNumber, formatPercent } from "../../../parts/format.ts";
import { Section } from "../../../parts/section.tsx";
import { Badge } from "../../../parts/status_pill.tsx";
import { type Column, Table } from "../../../parts/table.tsx";
import { VirtualTable } from "../../../parts/virtual.tsx";

type Point = Record<string, number | boolean | null | undefined>;
/** More rows than that scroll by themselves. */
const MANY = 12;
const SHARES = ["top1", "validation_top1", "mean_per_class"];
/** What a job tried, by the names that its result has for that. */
const TRIED = [
  { name: "by_k", title: "By number of neighbours", note: "the first is what the result is of" },
  { name: "sweep", title: "Sweep", note: "judged on what was held out" },
  { name: "trials", title: "Trials", note: "judged on the validation images" },
] as const;

/** All that was tried, with what it came to; nothing where nothing was. */
export function SweepTable({ result }: { result: Record<string, unknown> }) {
  const found = TRIED.find(({ name }) => Array.isArray(result[name]) && (result[name] as Point[]).length > 0);
  if (!found) return null;
  const points = result[found.name] as Point[];
  const names = [
    ...new Set(points.flatMap((point) => Object.keys(point).filter((name) => point[name] !== undefined))),
  ];
  const chosen = chosenOf(found.name, points, result);
  const columns: Column<Point>[] = names.map((name, n) => ({
    id: name,
    head: name.replaceAll("_", " ").replace(/top(?=\d)/, "top-"),
    figures: true,
    main: n === 0,
    cell: (point) => {
      const value = point[name];
      const text = typeof value === "boolean"
        ? (value ? "yes" : "no")
        : SHARES.includes(name)
        ? formatPercent(value)
        : formatNumber(value);
      if (value === null) return <span class="soft">diverged</span>;
      return n === 0 && point === chosen
        ? (
          <>
            <Badge tone="accent">chosen</Badge> {text}
          </>
        )
        : text;
    },
  }));
  const place = new Map(points.map((point, n) => [point, n])), keyOf = (point: Point) => place.get(point)!;
  const table = { caption: found.title, columns, rows: points, keyOf, selected: chosen && keyOf(chosen) };
  return (
    <Section title={found.title} note={found.note} flush class="jobs-sweep">
      {points.length > MANY
        ? <VirtualTable {...table} rowHeight={32} height="22rem" />
        : <Table {...table} />}
    </Section>
  );
}

function chosenOf(name: string, points: Point[], result: Record<string, unknown>): Point | undefined {
  if (name === "by_k") return points[0];
  if (name === "sweep") {
    return points.find(({ lambda, rate }) =>
      lambda !== undefined ? lambda === result.lambda : rate === result.rate
    );
  }
  const { chosen } = (result.protocol ?? {}) as { chosen?: Point };
  return chosen && points.find(({ base_lr, steps }) => base_lr === chosen.base_lr && steps === chosen.steps);
}
