import type { DatasetChoice, ModelChoice } from "../live/choices.ts";
import { Select } from "./field.tsx";
import { formatCount, shortId } from "./format.ts";

/** One of the datasets. @param value An id; one that the list lacks is offered too, since an address may name it. */
export function DatasetSelect({ label = "Dataset", value, datasets, onInput }: {
  label?: string;
  value: string;
  datasets: DatasetChoice[];
  onInput: (id: string) => void;
}) {
  const options = datasets.map(({ id, name, counts }) => ({
    value: id,
    text: `${name} · ${formatCount(counts.images)}`,
  }));
  return <Select {...{ label, value, onInput, options: withUnlisted(options, value) }} />;
}

/** One of the models. @param none What no model is called, where that may be chosen. */
export function ModelSelect({ label = "Model", value, models, onInput, none }: {
  label?: string;
  value: string;
  models: ModelChoice[];
  onInput: (id: string) => void;
  none?: string;
}) {
  const options = models.map((model) => ({ value: model.id, text: modelText(model) }));
  if (none) options.unshift({ value: "", text: none });
  return <Select {...{ label, value, onInput, options: withUnlisted(options, value) }} />;
}

/** `photos`, or `ckpt_…4FAV · step 300`, and the architecture. */
export const modelText = ({ id, alias, arch, step }: ModelChoice): string =>
  alias ? `${id} · ${arch}` : `${shortId(id)} · step ${formatCount(step)} · ${arch}`;

function withUnlisted(options: { value: string; text: string }[], value: string) {
  if (value === "" || options.some((option) => option.value === value)) return options;
  return [...options, { value, text: shortId(value) }];
}
