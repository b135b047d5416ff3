import type { z } from "zod";
import type { FieldError } from "./errors.ts";

const toPointer = (path: readonly PropertyKey[]) =>
  `#${path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("")}`;

/** Zod's issues under `at`, one each with its JSON pointer; an unknown key's pointer names the key. */
export function fieldErrors(error: z.ZodError, at: readonly PropertyKey[] = []): FieldError[] {
  return error.issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => ({
        pointer: toPointer([...at, ...issue.path, key]),
        detail: "unknown field",
      }))
      : [{ pointer: toPointer([...at, ...issue.path]), detail: issue.message }]
  );
}
