import { z } from "zod";
import type { FieldError } from "./errors.ts";
import { plainIssue } from "./plain_issue.ts";

z.config({ localeError: plainIssue }); // schemas' own words come before these

const toPointer = (path: readonly PropertyKey[]) =>
  `#${path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("")}`;

/** Zod's issues under `at`, one each with its JSON pointer; an unknown key's pointer names the key. */
export function fieldErrors(error: z.ZodError, at: readonly PropertyKey[] = []): FieldError[] {
  return error.issues.flatMap((issue) =>
    issue.code === "invalid_union"
      ? ofUnion(issue, at)
      : issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => ({
        pointer: toPointer([...at, ...issue.path, key]),
        detail: "unknown field",
      }))
      : [{ pointer: toPointer([...at, ...issue.path]), detail: issue.message }]
  );
}

/** Of the members that what was sent is of the type of, the first's mistakes; where it is of none's, that it is not. */
function ofUnion(issue: z.core.$ZodIssueInvalidUnion, at: readonly PropertyKey[]): FieldError[] {
  const inside = issue.errors.find((issues) =>
    issues.every(({ path, code }) => path.length > 0 || code === "unrecognized_keys")
  );
  const path = [...at, ...issue.path];
  if (!inside) return [{ pointer: toPointer(path), detail: issue.message }];
  return fieldErrors({ issues: inside } as z.ZodError, path);
}
