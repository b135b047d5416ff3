import type { Schemas } from "../../client/client.ts";

export type Json = Record<string, unknown>;
export type FieldError = NonNullable<Schemas["Problem"]["errors"]>[number];

const partsOf = (pointer: string): string[] =>
  pointer.split("/").slice(1).map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What is at a JSON pointer; undefined if nothing is. */
export function at(value: unknown, pointer: string): unknown {
  return partsOf(pointer).reduce<unknown>(
    (inside, part) =>
      Array.isArray(inside) ? inside[Number(part)] : isObject(inside) ? inside[part] : undefined,
    value,
  );
}

/** A copy with that at the pointer. Undefined takes it out, and with it objects that are empty then. */
export function withAt(config: Json, pointer: string, value: unknown): Json {
  const [name, ...rest] = partsOf(pointer), { [name]: before, ...others } = config;
  let now = value;
  if (rest.length > 0) {
    now = withAt(isObject(before) ? before : {}, `/${rest.join("/")}`, value);
    if (value === undefined && Object.keys(now as Json).length === 0) now = undefined;
  }
  if (now === undefined) return others;
  return before === undefined ? { ...others, [name]: now } : { ...config, [name]: now }; // in the order that it had
}

/** Only what the pointers name. */
export function onlyAt(config: Json, pointers: readonly string[]): Json {
  return pointers.reduce<Json>((kept, pointer) => {
    const value = at(config, pointer);
    return value === undefined ? kept : withAt(kept, pointer, value);
  }, {});
}

/** What is wrong with the field at a pointer, or with a part of its list. @param inside Whether errors of what is in it count. */
export function errorsOf(errors: readonly FieldError[], pointer: string, inside = false): string[] {
  const whole = `#/config${pointer}`;
  return errors.filter((error) =>
    error.pointer === whole || (inside && error.pointer?.startsWith(`${whole}/`))
  )
    .map(({ detail }) => detail);
}
