import { useEffect, useState } from "preact/hooks";
import type { Schemas } from "../../../client/client.ts";
import { href } from "../../live/address.ts";
import { ApiImage } from "../../parts/api_image.tsx";
import { Button } from "../../parts/button.tsx";
import { Section } from "../../parts/section.tsx";
import { Notice, Skeleton } from "../../parts/states.tsx";
import { randomItem, useItem } from "../views/dataset_images.ts";
import { PairSheet } from "../views/pair_sheet.tsx";
import { useSheet } from "../views/use_sheet.ts";

/** Larger views than this say no more, and take longer. */
const MOST_PX = 224;

/** What the settings make of an image of the dataset: four pairs, by training's own code. */
export function PreviewPanel({ dataset, split, seed, px, augmentation }: {
  dataset: Schemas["Dataset"];
  split: string | undefined;
  seed: number;
  px: number | undefined;
  augmentation: unknown;
}) {
  const [item, setItem] = useState<number>(), [shift, setShift] = useState(0);
  const choose = () => void randomItem(dataset, split).then(setItem, () => setItem(0));
  useEffect(() => {
    setItem(undefined);
    choose();
  }, [dataset.id, split]);
  const entry = useItem(dataset.id, item).data;
  const sound = px !== undefined && Number.isInteger(px) && px >= 8 ? Math.min(px, MOST_PX) : undefined;
  const wanted = item === undefined
    ? undefined
    : { dataset: dataset.id, item, seed: seed + shift, pairs: 4, px: sound, augmentation };
  const { sheet, error, busy } = useSheet(wanted);
  const named = typeof augmentation === "string";
  const views = {
    dataset: dataset.id,
    item,
    seed: seed + shift,
    px,
    preset: named ? augmentation : undefined,
    augmentation: named || augmentation === undefined ? undefined : JSON.stringify(augmentation),
  };
  return (
    <Section
      title="Views"
      note={sheet && `seed ${sheet.wanted.seed}, ${sheet.px} px`}
      actions={<Button size="small" icon="views" href={href("/views", views)}>Open</Button>}
    >
      <div class="stack">
        <div class="newjob-image">
          {item !== undefined && (
            <ApiImage
              src={`/v1/datasets/${dataset.id}/items/${item}/image?px=96`}
              alt={`Image ${item} of the dataset`}
              size={56}
            />
          )}
          <span class="grow one-line soft" title={entry?.path}>{entry?.path.split("/").at(-1)}</span>
          <Button size="small" onClick={choose}>Other image</Button>
          <Button size="small" onClick={() => setShift(shift + 1)}>Other seed</Button>
        </div>
        {error && <Notice tone="warning">{error.message}</Notice>}
        {sheet ? <PairSheet sheet={sheet} side={80} busy={busy} /> : !error && <Skeleton lines={4} />}
      </div>
    </Section>
  );
}
