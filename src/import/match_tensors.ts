import type { ForeignDtype, PlacedTensor } from "../checkpoint/safetensors.ts";
import { DomainError, type FieldError } from "../domain/errors.ts";
import type { Arch } from "../domain/pretrain.ts";
import { encoderTensors, findArch, type Shape } from "./architecture.ts";
import { torchvisionName } from "./tensor_names.ts";

const FLOATS: readonly ForeignDtype[] = ["F32", "F16", "BF16"];
/** As many as a label file of a classifier may name. */
const MAX_CLASSES = 65_536;
/** Mistakes that are told one by one. */
const MAX_TOLD = 100;

/** Where a model's values stand in somebody else's file. */
export interface MatchedTensors {
  arch: Arch;
  /** Of its head (`fc.*`); 0 without one. */
  classes: number;
  /** By torchvision's names: all that a model of that architecture has. */
  floats: Map<string, PlacedTensor<ForeignDtype>>;
  /** `num_batches_tracked` of each norm; undefined for those that the file lacks. */
  counters: Map<string, PlacedTensor<ForeignDtype> | undefined>;
}

/**
 * Finds an architecture's tensors among those of a file, whichever of its names they go by.
 *
 * @param arch Undefined: what the shapes tell.
 * @throws {DomainError} `invalid`: type `unknown_arch` where they do not tell; type `wrong_tensors`, listing every tensor that
 *   is missing, of no use, there twice, or of another shape or dtype.
 */
export function matchTensors(
  tensors: readonly PlacedTensor<ForeignDtype>[],
  arch: Arch | undefined,
): MatchedTensors {
  const wrong: FieldError[] = [], given = new Map<string, PlacedTensor<ForeignDtype>>();
  const strange: PlacedTensor<ForeignDtype>[] = [];
  for (const tensor of tensors) {
    const known = torchvisionName(tensor.name);
    if (known === "training") continue;
    if (known === undefined) strange.push(tensor);
    else if (given.has(known.name)) {
      wrong.push(about(tensor, `is there twice: ${cut(given.get(known.name)!.name)} is ${known.name} too`));
    } else given.set(known.name, tensor);
  }
  const found = findArch(new Map([...given].map(([name, { shape }]) => [name, shape])));
  const chosen = arch ?? found;
  if (chosen === undefined) {
    throw new DomainError(
      "invalid",
      "Cannot import the checkpoint: its tensors are of no encoder that is known here; with `arch`, what is wrong with " +
        `them is listed. Its first is ${cut(tensors[0]?.name ?? "none")}`,
      {
        type: "unknown_arch",
        errors: [{ pointer: "#/query/arch", detail: "must be given for such tensors" }],
      },
    );
  }
  const { spec, floats, counters } = encoderTensors(chosen);
  const wanted = new Map<string, Shape>(floats), head = given.get("fc.weight") ?? given.get("fc.bias");
  const classes = head?.shape[0] ?? 0;
  if (head) wanted.set("fc.weight", [classes, spec.dim]).set("fc.bias", [classes]);
  if (head && (classes < 1 || classes > MAX_CLASSES)) {
    wrong.push(about(head, `must be of 1 to ${MAX_CLASSES} classes, got shape [${head.shape}]`));
  }
  const matched: MatchedTensors = { arch: chosen, classes, floats: new Map(), counters: new Map() };
  for (const [name, shape] of wanted) {
    const tensor = given.get(name);
    if (!tensor) {
      wrong.push({ pointer: pointer(name), detail: `is missing: ${FLOATS.join(", ")} [${shape}]` });
    } else if (String(tensor.shape) !== String(shape)) {
      wrong.push(about(tensor, `must have shape [${shape}], got [${tensor.shape}]`));
    } else if (!FLOATS.includes(tensor.dtype)) {
      wrong.push(about(tensor, `must be ${FLOATS.join(", ")}, got ${tensor.dtype}`));
    } else matched.floats.set(name, tensor);
  }
  for (const name of counters) {
    const tensor = given.get(name);
    if (tensor && (tensor.shape.length > 0 || tensor.dtype !== "I64")) {
      wrong.push(about(tensor, `must be I64 of shape [], got ${tensor.dtype} [${tensor.shape}]`));
    }
    matched.counters.set(name, tensor);
  }
  const unused = [...given].filter(([name]) => !wanted.has(name) && !counters.has(name)).map(([, one]) =>
    one
  );
  for (const tensor of [...unused, ...strange]) wrong.push(about(tensor, `is none of ${chosen}'s`));
  if (wrong.length > 0) {
    const hint = found && found !== chosen ? `; they are shaped like ${found}'s` : "";
    throw wrongTensors(`its tensors are not those of ${chosen}${hint}`, wrong);
  }
  return matched;
}

/** `invalid`, type `wrong_tensors`: the first hundred mistakes are told. */
export function wrongTensors(reason: string, wrong: readonly FieldError[]): DomainError {
  const errors = wrong.slice(0, MAX_TOLD), [{ pointer, detail }] = errors;
  if (wrong.length > MAX_TOLD) errors.push({ detail: `and ${wrong.length - MAX_TOLD} more` });
  const more = wrong.length > 1 ? ` (${wrong.length} mistakes)` : "";
  const message = `Cannot import the checkpoint: ${reason}: ${pointer?.slice(2)} ${detail}${more}`;
  return new DomainError("invalid", message, { type: "wrong_tensors", errors });
}

/** What is wrong with a tensor of the file. */
export const about = ({ name }: { name: string }, detail: string): FieldError => (
  { pointer: pointer(name), detail }
);
const cut = (name: string): string => name.length > 80 ? `${name.slice(0, 80)}…` : name;
/** Into the file's header. */
const pointer = (name: string): string => `#/${cut(name).replaceAll("~", "~0").replaceAll("/", "~1")}`;
