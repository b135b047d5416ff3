import { DomainError } from "../domain/errors.ts";
import type { Layout } from "../domain/layout.ts";

/** An error that says why there is no such layout of an architecture, and which there are. */
export const layoutUnavailable = (
  layout: Layout,
  arch: string,
  reason: string,
  instead: Layout[],
): DomainError =>
  new DomainError(
    "invalid",
    `Cannot lay ${arch} out for ${layout}: ${reason}; there are ${instead.join(" and ")}`,
    {
      type: "layout_unavailable",
    },
  );
