import type { Schemas } from "../../../client/client.ts";
import { href } from "../../live/address.ts";
import { Select } from "../../parts/field.tsx";
import { formatCount } from "../../parts/format.ts";
import { Section } from "../../parts/section.tsx";
import { Badge } from "../../parts/status_pill.tsx";

/** The dataset, with what is in it. */
export function DatasetPicker({ datasets, chosen, onChoose, error }: {
  datasets: Schemas["Dataset"][];
  chosen: string;
  onChoose: (id: string) => void;
  error?: string;
}) {
  const dataset = datasets.find(({ id }) => id === chosen);
  const options = datasets.map(({ id, name, counts }) => ({
    value: id,
    text: `${name} · ${formatCount(counts.images)} images`,
  }));
  if (!dataset) options.unshift({ value: chosen, text: `${chosen}: not there, or not ready` });
  return (
    <Section title="Dataset" actions={dataset && <a href={href(`/datasets/${chosen}`)}>Look at it</a>}>
      <div class="newjob-dataset">
        <Select label="Dataset" hideLabel value={chosen} options={options} error={error} onInput={onChoose} />
        {dataset && (
          <p class="row">
            {Object.entries(dataset.splits).map(([name, { images, classes }]) => (
              <Badge key={name}>
                {name} {formatCount(images)}
                {Object.keys(classes).length > 0 && ` · ${formatCount(Object.keys(classes).length)} classes`}
              </Badge>
            ))}
          </p>
        )}
      </div>
    </Section>
  );
}
