import { z } from "zod";

const KINDS: Record<string, string> = {
  ...{ number: "a number", int: "a whole number", string: "text", boolean: "true or false" },
  ...{ array: "a list", tuple: "a list", object: "an object", record: "an object", null: "null" },
};
const LONGEST = 60;
const english = z.locales.en().localeError;

/** What is wrong with a value, in words for people: what is wanted, and what there is instead. Zod's own where there are none here. */
export const plainIssue: z.core.$ZodErrorMap = (issue) => {
  const wanted = wantedOf(issue);
  if (!wanted) return english(issue);
  return issue.input === undefined ? `required: ${wanted}` : `must be ${wanted}${insteadOf(issue)}`;
};

function wantedOf(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === "invalid_type") return KINDS[issue.expected] ?? issue.expected;
  if (issue.code === "invalid_value") {
    const values = issue.values.map((value) => JSON.stringify(value));
    return values.length === 1 ? values[0] : `one of ${values.join(", ")}`;
  }
  if (issue.code === "not_multiple_of") return `a multiple of ${issue.divisor}`;
  if (issue.code === "too_small") {
    return bound(issue.origin, issue.inclusive === false ? "more than" : "at least", issue.minimum);
  }
  if (issue.code === "too_big") {
    return bound(issue.origin, issue.inclusive === false ? "less than" : "at most", issue.maximum);
  }
}

/** `at most 1`; of what has a length: `text of at most 8 characters`. */
function bound(origin: string, than: string, limit: number | bigint): string {
  if (origin === "string") return `text of ${than} ${limit} characters`;
  if (origin === "array") return `a list of ${than} ${limit} values`;
  if (origin === "object" || origin === "record") return `an object of ${than} ${limit} fields`;
  return `${than} ${limit}`;
}

/** `, not 1.5`: the value if it is short and of a kind that says it all. */
function insteadOf({ input }: z.core.$ZodRawIssue): string {
  if (Number.isNaN(input)) return "";
  if (Array.isArray(input)) return `, not a list of ${input.length}`;
  if (input !== null && typeof input === "object") return ", not an object";
  const text = JSON.stringify(input) ?? typeof input;
  return text.length > LONGEST ? "" : `, not ${text}`;
}
