import { z } from "zod";
import { DomainError } from "../domain/errors.ts";

const Labels = z.array(z.string().min(1).max(200));

/**
 * The names of a head's classes: `labels` of the file's metadata, a JSON array of as many strings; else their numbers.
 *
 * @throws {DomainError} `invalid`, type `bad_labels`, if it is something else.
 */
export function readLabels(metadata: ReadonlyMap<string, string>, classes: number): string[] {
  const text = metadata.get("labels");
  if (text === undefined) return Array.from({ length: classes }, (_, n) => String(n));
  const labels = parse(text);
  if (labels?.length === classes) return labels;
  const accepted = `must be a JSON array of ${classes} names of 1 to 200 characters, one a class`;
  const got = labels ? `, got ${labels.length}` : "";
  throw new DomainError(
    "invalid",
    `Cannot import the checkpoint: labels of its __metadata__ ${accepted}${got}`,
    {
      type: "bad_labels",
      errors: [{ pointer: "#/__metadata__/labels", detail: accepted + got }],
    },
  );
}

function parse(text: string): string[] | undefined {
  try {
    return Labels.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
