import { DomainError } from "../domain/errors.ts";
import type { BadImage } from "./embed_images.ts";
import { summary } from "./problem.ts";

/** Where a request has its image of that number. */
export const pointerTo = (index: number): string => `#/input/${index}`;
/** The bad images as one error; of what they have in common, and of which kind each is. */
export function refusal(bad: BadImage[]): DomainError {
  const [{ code, type }] = bad,
    errors = bad.map(({ index, detail }) => ({ detail, pointer: pointerTo(index) }));
  return new DomainError(
    bad.every((one) => one.code === code) ? code : "malformed",
    `Cannot embed: ${summary(errors)}`,
    { type: bad.every((one) => one.type === type) ? type : "bad_image", errors },
  );
}
