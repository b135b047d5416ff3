import parse from "parse-prometheus-text-format";

/** Series of one name, as they were told. */
export interface Family {
  type: string;
  samples: { name: string; labels: Record<string, string>; value: number }[];
}

/** Units that are no base units. */
const WRONG_UNIT = /_(ms|milliseconds|minutes|kb|mb|kilobytes|megabytes|mib|percent)(_total)?$/;
const LABELS = /([a-zA-Z_]+)="((?:\\.|[^"\\\n])*)"/g;

/**
 * Reads Prometheus' text format strictly, line by line, and holds names to its conventions. An independent parser, which
 * forgives more, must read the same families and values; it keeps no histogram's labels apart, so these are ours to check.
 *
 * @returns Families by name.
 * @throws {TypeError} Listing what breaks the format or the conventions.
 */
export function readExposition(text: string): Map<string, Family> {
  const wrong: string[] = [],
    families = new Map<string, Family & { help: boolean }>(),
    seen = new Set<string>();
  if (!text.endsWith("\n")) wrong.push("the last line does not end");
  for (const line of text.split("\n").filter((line) => line !== "")) {
    const [, what, commented, said] = line.match(/^# (HELP|TYPE) ([a-z_][a-z0-9_]*) (\S.*)$/) ?? [];
    if (what === "HELP") {
      if (families.has(commented)) wrong.push(`${commented} is told twice`);
      families.set(commented, { help: true, type: "", samples: [] });
    } else if (what === "TYPE") families.get(commented)!.type = said;
    else {
      const [, name, labels = "", value] = line.match(
        /^([a-z_][a-z0-9_]*)(\{(?:[a-zA-Z_]+="(?:\\.|[^"\\\n])*",?)+\})? (NaN|[+-]Inf|-?\d[\d.e+-]*)$/,
      ) ?? [];
      const family = families.get(name) ?? families.get(name?.replace(/_(bucket|sum|count)$/, ""));
      if (!family) wrong.push(`a line of no family: ${line}`);
      if (seen.has(name + labels)) wrong.push(`told twice: ${line}`);
      seen.add(name + labels);
      const pairs = [...labels.matchAll(LABELS)].map(([, label, text]) => [label, text]);
      family?.samples.push({ name, labels: Object.fromEntries(pairs), value: Number(value) });
    }
  }
  for (const [name, { type, samples }] of families) {
    if (!["counter", "gauge", "histogram"].includes(type)) wrong.push(`${name} is a ${type || "nothing"}`);
    if (!/^(latentd|process)_/.test(name)) wrong.push(`${name} has no prefix`);
    if ((type === "counter") !== name.endsWith("_total")) wrong.push(`${name} is a ${type}`);
    if (WRONG_UNIT.test(name)) wrong.push(`${name} is in no base unit`);
    if (/duration|lag|time/.test(name) && !name.endsWith("_seconds")) wrong.push(`${name} is in no seconds`);
    if (/memory|disk|heap|received/.test(name) && !/_bytes(_total)?$/.test(name)) {
      wrong.push(`${name} is in no bytes`);
    }
    if (type === "histogram") wrong.push(...histogramFaults(name, samples));
    else if (samples.some((sample) => sample.name !== name)) wrong.push(`${name} has another's series`);
  }
  const told = [...families].filter(([, { type }]) => type !== "histogram").map(([name, { samples }]) =>
    [name, samples.map(({ value }) => value)] as const
  );
  const read = new Map((parse(text) as Parsed[]).map(({ name, metrics }) => [name, metrics]));
  for (const [name, values] of told) {
    const others = (read.get(name) ?? []).map(({ value }) => Number(value));
    if (values.join() !== others.join()) {
      wrong.push(`${name}: [${values}], and the other parser reads [${others}]`);
    }
  }
  if (wrong.length > 0) throw new TypeError(`Cannot accept the exposition:\n  ${wrong.join("\n  ")}`);
  return families;
}
interface Parsed {
  name: string;
  metrics: { value?: string }[];
}

function histogramFaults(name: string, samples: Family["samples"]): string[] {
  const series = new Map<string, { buckets: [le: number, count: number][]; sum?: number; count?: number }>();
  for (const { name: full, labels: { le, ...labels }, value } of samples) {
    const key = JSON.stringify(labels), one = series.get(key) ?? { buckets: [] };
    series.set(key, one);
    if (full === `${name}_bucket`) one.buckets.push([le === "+Inf" ? Infinity : Number(le), value]);
    else if (full === `${name}_sum`) one.sum = value;
    else if (full === `${name}_count`) one.count = value;
  }
  return [...series].flatMap(([labels, { buckets, sum, count }]) => {
    const rising = buckets.every(([le, n], i) =>
      i === 0 || (le > buckets[i - 1][0] && n >= buckets[i - 1][1])
    );
    const [last, all] = buckets.at(-1) ?? [];
    const whole = last === Infinity && all === count && sum !== undefined;
    return rising && whole
      ? []
      : [`${name}${labels}: not rising to the count: ${JSON.stringify(buckets)}, ${count}`];
  });
}

/** A series' value: of a histogram how often it was told. */
export function valueOf(
  families: Map<string, Family>,
  name: string,
  labels: Record<string, string> = {},
): number | undefined {
  const family = families.get(name), wanted = family?.type === "histogram" ? `${name}_count` : name;
  return family?.samples.find((sample) =>
    sample.name === wanted &&
    Object.entries(labels).every(([label, value]) => sample.labels[label] === value)
  )?.value;
}
