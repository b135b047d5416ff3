import { parseArgs } from "@std/cli/parse-args";

/** A whole number, a word or a switch, told by its default. */
export interface Option {
  about: string;
  default: number | string | false;
  /** A number's least value, 1 by default. */
  least?: number;
  choices?: readonly string[];
}
type Widened<T> = T extends number ? number : T extends string ? string : boolean;
export type OptionValues<O extends Record<string, Option>> = { [K in keyof O]: Widened<O[K]["default"]> };

/** Something wrong with a command line; its message is all that its author needs to see. */
export class UsageError extends Error {}

/**
 * Reads the options of `command`, as `--name value`, `--name=value` or `--switch`.
 *
 * @throws {UsageError} If one is not known or has no such value: it says which are accepted.
 */
export function readOptions<O extends Record<string, Option>>(
  command: string,
  args: string[],
  options: O,
): OptionValues<O> {
  const names = Object.keys(options), switches = names.filter((name) => options[name].default === false);
  const accepted = names.map((name) => `--${name}`).join(", ") || "no options";
  const given = parseArgs(args, {
    boolean: switches,
    string: names.filter((name) => !switches.includes(name)),
    unknown: (argument: string) => {
      throw new UsageError(
        `Cannot read ${
          argument.split("=")[0]
        }: bench ${command} accepts ${accepted}; --help says what they do`,
      );
    },
  }) as Record<string, unknown>;
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(options)) {
    const value = given[name] ?? option.default,
      refuse = (must: string): never => {
        throw new UsageError(`Cannot use --${name}: must be ${must}, got ${JSON.stringify(value)}`);
      };
    if (option.choices && !option.choices.includes(String(value))) refuse(option.choices.join(" or "));
    const { least = 1 } = option;
    if (typeof option.default === "number" && !(Number.isInteger(Number(value)) && Number(value) >= least)) {
      refuse(`a whole number of at least ${least}`);
    }
    if (value === "") refuse("a word");
    values[name] = typeof option.default === "number" ? Number(value) : value;
  }
  return values as OptionValues<O>;
}

/** The options of a command as its help lists them. */
export function describeOptions(options: Record<string, Option>): string[] {
  return Object.entries(options).map(([name, { about, default: value, choices }]) => {
    const word = value === false
      ? ""
      : choices
      ? choices.join("|")
      : typeof value === "number"
      ? "N"
      : "NAME";
    return `  ${`--${name} ${word}`.padEnd(26)} ${about}${value === false ? "" : ` (${value})`}`;
  });
}
