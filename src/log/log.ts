import { AsyncLocalStorage } from "node:async_hooks";
import { inspect } from "node:util";
import { KEY_PATTERN } from "../domain/api_key.ts";

export const LEVELS = ["debug", "info", "warn", "error"] as const;
export type Level = (typeof LEVELS)[number];
export type LogFormat = "text" | "json";
/** What a line is about, such as `{ job }`; undefined ones are left out. */
export type Fields = Record<string, unknown>;

/** A process writes one log, and what it is written to, the console, is a global too. */
let format: LogFormat = "text", threshold: Level = "info";
const context = new AsyncLocalStorage<Fields>();

/** Says how lines look from now on, and below which level none is written. */
export function configureLog(to: { format: LogFormat; level: Level }): void {
  ({ format, level: threshold } = to);
}

/** Runs with `fields` on each line that is logged in it, whatever it awaits. */
export const withLogFields = <T>(fields: Fields, run: () => T): T =>
  context.run({ ...context.getStore(), ...fields }, run);

/** One line each; `error` is what went wrong, whole, for whoever reads the log. Warnings and errors go to standard error. */
export const log = {
  debug: (message: string, fields?: Fields) => write("debug", message, undefined, fields),
  info: (message: string, fields?: Fields) => write("info", message, undefined, fields),
  warn: (message: string, error?: unknown, fields?: Fields) => write("warn", message, error, fields),
  error: (message: string, error?: unknown, fields?: Fields) => write("error", message, error, fields),
};

/**
 * Passes on a line of a child's standard error: with its own level and fields where it is one of these logs, as a warning
 * where something else has written there (a driver, say).
 */
export function passOn(worker: string, line: string): void {
  const { level = "warn", message = line, ...fields } = parseLine(line) ?? {};
  write(level, message, undefined, { ...fields, worker });
}

interface ParsedLine extends Fields {
  level: Level;
  message: string;
}
/** The line, if it is one of a log in JSON. */
export function parseLine(line: string): ParsedLine | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const parsed = JSON.parse(line) as ParsedLine;
    return LEVELS.includes(parsed.level) && typeof parsed.message === "string" ? parsed : undefined;
  } catch {
    return undefined;
  }
}

const OBJECTS: Record<string, string> = { ds: "dataset", job: "job", ckpt: "checkpoint", up: "upload" };

/** The ids in a text, each under the name of what it is of; of two of a kind the first. */
export function idsIn(text: string): Fields {
  const found: Fields = {};
  for (const [id, prefix] of text.matchAll(/\b(ds|job|ckpt|up)_[0-7][0-9A-HJKMNP-TV-Z]{25}\b/g)) {
    found[OBJECTS[prefix]] ??= id;
  }
  return found;
}

function write(level: Level, message: string, error: unknown, own: Fields = {}): void {
  if (LEVELS.indexOf(level) < LEVELS.indexOf(threshold)) return;
  const fields = { ...idsIn(message), ...context.getStore(), ...own };
  const line = format === "json" ? asJson(level, message, error, fields) : asText(message, error, fields);
  // Whatever else goes wrong: nobody's key gets into a log.
  const redacted = line.replaceAll(new RegExp(KEY_PATTERN, "g"), "lat_…");
  if (level === "warn" || level === "error") console.error(redacted);
  else console.log(redacted);
}

function asJson(level: Level, message: string, error: unknown, fields: Fields): string {
  const told = error instanceof Error
    ? {
      name: error.name,
      message: error.message,
      stack: error.stack,
      cause: error.cause && inspect(error.cause),
    }
    : error === undefined
    ? undefined
    : inspect(error);
  return JSON.stringify({
    time: new Date().toISOString(),
    level,
    message,
    ...fields,
    error: told ?? fields.error,
  });
}

/** For people: the message, in brackets before it who says it, and in parentheses what it does not say itself. */
function asText(message: string, error: unknown, { worker, time: _, ...fields }: Fields): string {
  const { error: passedOn, ...rest } = fields;
  const details = Object.entries(rest)
    .filter(([, value]) => value !== undefined && !message.includes(String(value)))
    .map(([name, value]) => `${name}=${typeof value === "object" ? JSON.stringify(value) : value}`);
  const from = worker === undefined || message.startsWith(`${worker} `) ? "" : `[${worker}] `;
  const told = error === undefined ? stackOf(passedOn) : inspect(error);
  return from + message + (details.length > 0 ? ` (${details.join(" ")})` : "") + (told ? `: ${told}` : "");
}

const stackOf = (told: unknown): string =>
  typeof told === "string" ? told : (told as { stack?: string } | undefined)?.stack ?? "";
