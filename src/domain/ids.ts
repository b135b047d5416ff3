import { ulid } from "@std/ulid";
import { DomainError } from "./errors.ts";

export type IdPrefix = "ds" | "job" | "ckpt" | "up" | "bak";

/** A fresh id, such as `ds_01ARZ3NDEKTSV4RRFFQ69G5FAV`; ids of one prefix sort by creation time. */
export function newId(prefix: IdPrefix): string {
  return `${prefix}_${ulid()}`;
}

/** Whether `id` is a well-formed id of that kind; nothing else may become part of a path. */
export function isId(prefix: IdPrefix, id: string): boolean {
  return new RegExp(`^${prefix}_[0-7][0-9A-HJKMNP-TV-Z]{25}$`).test(id);
}

/**
 * Returns `id` if it is a well-formed id of that kind.
 *
 * @throws {DomainError} `not_found` otherwise: an id that cannot exist does not exist.
 */
export function checkId(prefix: IdPrefix, id: string): string {
  if (!isId(prefix, id)) {
    throw new DomainError(
      "not_found",
      `Cannot find ${JSON.stringify(id.slice(0, 60))}: an id looks like ${prefix}_ and 26 characters`,
    );
  }
  return id;
}
