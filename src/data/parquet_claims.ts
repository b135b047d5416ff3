import { damaged } from "./archive.ts";

/**
 * A number that a file says of itself, once it is known to be one, and no more than it can be.
 *
 * @throws {DomainError} `malformed` otherwise.
 */
export function claimed(value: unknown, most: number, what: string): number {
  const number = typeof value === "bigint" ? Number(value) : value;
  if (typeof number === "number" && Number.isInteger(number) && number >= 0 && number <= most) return number;
  const got = ["number", "bigint", "undefined"].includes(typeof value) ? String(value) : typeof value;
  throw damaged(`${what} must be 0 to ${most}, got ${got}`);
}
