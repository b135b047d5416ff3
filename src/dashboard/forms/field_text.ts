import type { FormField, Range, Shape } from "./json_schema.ts";

/** A value as it is typed: lists between commas, their numbers to six digits, nothing for what is left out. */
export function textOf(value: unknown): string {
  if (value === undefined) return "";
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.every((each) => typeof each !== "object")) {
    return value.map((each) => typeof each === "number" ? Number(each.toPrecision(6)) : each).join(", ");
  }
  return JSON.stringify(value);
}

/**
 * What was typed, as it is sent. What cannot be read is sent as it was typed: the server says what is wrong with it, and where.
 *
 * @returns Undefined for nothing.
 */
export function valueOf(text: string, { shape, nullable }: Pick<FormField, "shape" | "nullable">): unknown {
  const typed = text.trim();
  if (typed === "") return undefined;
  if (typed === "null" && nullable) return null;
  if (shape.type === "number") return numberOf(typed);
  if (shape.type === "pair") return listOf(typed);
  if (shape.type === "flag") return typed === "true" ? true : typed === "false" ? false : typed;
  return shape.type === "line" ? readLine(typed, shape) : typed;
}

function readLine(typed: string, { reads }: Extract<Shape, { type: "line" }>): unknown {
  for (const each of reads) {
    if (each === "text") return typed;
    if (each === "list" && (reads.length === 1 || /[,;\s]/.test(typed))) return listOf(typed);
    if (each === "number" && typeof numberOf(typed) === "number") return Number(typed);
    if (each === "json") {
      try {
        return JSON.parse(typed);
      } catch {
        return typed;
      }
    }
  }
  return typed;
}

const numberOf = (typed: string): number | string => {
  const value = Number(typed);
  return Number.isFinite(value) ? value : typed;
};
const listOf = (typed: string): unknown[] =>
  typed.split(/[,;\s]+/).filter((part) => part !== "").map(numberOf);

const figure = new Intl.NumberFormat("en", { maximumSignificantDigits: 6 });

/** What a number may be, in a few signs: `2 … 8192`, `> 0`, `0 … < 1`. */
export function rangeText({ least, most, aboveLeast, belowMost }: Range): string {
  if (least === undefined && most === undefined) return "";
  const from = least === undefined ? "" : figure.format(least),
    to = most === undefined ? "" : figure.format(most);
  if (most === undefined) return `${aboveLeast ? ">" : "≥"} ${from}`;
  if (least === undefined) return `${belowMost ? "<" : "≤"} ${to}`;
  return `${aboveLeast ? "> " : ""}${from} … ${belowMost ? "< " : ""}${to}`;
}

/** What stands beside a field's name: what it takes. */
export function takes({ shape, nullable, required }: FormField): string {
  const own = shape.type === "number"
    ? rangeText(shape.range)
    : shape.type === "pair"
    ? "least, most"
    : shape.type === "line" && shape.reads.includes("list") && "one, or several by commas";
  return [own, nullable && "or null", required && "required"].filter(Boolean).join(", ");
}
