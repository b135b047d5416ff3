import type { Paged } from "../domain/ports.ts";

/** A page of `rows`, which were asked for with one row more than `limit`. */
export const cut = <T>(rows: T[], limit: number): Paged<T> => ({
  data: rows.slice(0, limit),
  has_more: rows.length > limit,
});
