import { useEffect, useState } from "preact/hooks";
import { Refused, type Schemas } from "../../../client/client.ts";
import type { OpenApi } from "../../forms/json_schema.ts";
import { href, setQuery } from "../../live/address.ts";
import { ApiImage } from "../../parts/api_image.tsx";
import { Button, IconButton } from "../../parts/button.tsx";
import { NumberInput, Select } from "../../parts/field.tsx";
import { formatCount } from "../../parts/format.ts";
import { Section } from "../../parts/section.tsx";
import { ErrorState, Notice, Skeleton } from "../../parts/states.tsx";
import { AugmentationForm } from "./augmentation_form.tsx";
import { countOf, randomItem, useItem } from "./dataset_images.ts";
import { ImageStrip } from "./image_strip.tsx";
import { PairSheet } from "./pair_sheet.tsx";
import { useSheet } from "./use_sheet.ts";

type Dataset = Schemas["Dataset"];
const PAIRS = [1, 2, 4, 8, 12, 16], SIDES = [64, 96, 128, 160, 224, 320, 448];
/** How long an augmentation has to stay before it is in the address. */
const STAYS_MS = 400;
/** Views up to this side are augmented as CIFAR's by the server where nothing is said. */
const SMALL = 64;

const whole = (text: string | null): number | undefined =>
  text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
/** @returns Undefined for what is not JSON, too: then nothing is chosen. */
function augmentationOf(query: URLSearchParams): unknown {
  const text = query.get("augmentation");
  if (text === null) return query.get("preset") ?? undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** An image, its views, and what they are drawn by; all of it is in the address. */
export function ViewsBench({ document, datasets, query }: {
  document: OpenApi;
  datasets: Dataset[];
  query: URLSearchParams;
}) {
  const dataset = datasets.find(({ id }) => id === query.get("dataset")) ?? datasets[0];
  const split = query.get("split") || undefined, asked = whole(query.get("item"));
  const seed = whole(query.get("seed")) ?? 0,
    pairs = Math.min(16, Math.max(1, whole(query.get("pairs")) ?? 4));
  const px = whole(query.get("px")), side = whole(query.get("side"));
  const [augmentation, setAugmentation] = useState(() => augmentationOf(query));
  const item = asked ?? 0, entry = useItem(dataset.id, item).data;
  const { sheet, error, busy } = useSheet({ dataset: dataset.id, item, seed, pairs, px, augmentation });
  useEffect(() => {
    const named = typeof augmentation === "string";
    const timer = setTimeout(() =>
      setQuery({
        preset: named ? augmentation : undefined,
        augmentation: named || augmentation === undefined ? undefined : JSON.stringify(augmentation),
      }), STAYS_MS);
    return () => clearTimeout(timer);
  }, [JSON.stringify(augmentation)]);
  const errors = error instanceof Refused ? error.problem?.errors ?? [] : [];
  const atFields = errors.filter(({ pointer }) => /^#\/query\/(augmentation|preset)/.test(pointer ?? ""));
  const random = async () => {
    const n = await randomItem(dataset, split);
    if (n !== undefined) setQuery({ item: n });
  };
  const job = {
    kind: "pretrain",
    dataset: dataset.id,
    seed: seed || undefined,
    px,
    augmentation: typeof augmentation === "object"
      ? JSON.stringify(augmentation)
      : String(augmentation ?? ""),
  };
  return (
    <div class="views-layout">
      <div class="stack views-side">
        <Section title="Image" actions={<Button size="small" onClick={random}>Random</Button>}>
          <div class="stack views-image">
            <div class="views-original">
              <ApiImage
                src={`/v1/datasets/${dataset.id}/items/${item}/image?px=448`}
                alt={`Image ${item} as it was stored`}
              />
            </div>
            {entry && (
              <p class="soft views-caption" title={entry.path}>
                {entry.path.split("/").at(-1)} · {entry.width} × {entry.height}
                {entry.class && ` · ${entry.class}`}
              </p>
            )}
            <Select
              label="Dataset"
              value={dataset.id}
              options={datasets.map(({ id, name, counts }) => ({
                value: id,
                text: `${name} · ${formatCount(counts.images)}`,
              }))}
              onInput={(id) => setQuery({ dataset: id, item: undefined, split: undefined })}
            />
            <div class="views-two">
              <Select
                label="Split"
                value={split ?? ""}
                options={[
                  { value: "", text: "all" },
                  ...Object.keys(dataset.splits).map((name) => ({
                    value: name,
                    text: `${name} · ${formatCount(countOf(dataset, name))}`,
                  })),
                ]}
                onInput={(name) => setQuery({ split: name })}
              />
              <NumberInput
                label="Number"
                note={`0 … ${formatCount(dataset.counts.images - 1)}`}
                value={item}
                min={0}
                max={dataset.counts.images - 1}
                step={1}
                onInput={(n) =>
                  n !== undefined && Number.isInteger(n) && n >= 0 && n < dataset.counts.images &&
                  setQuery({ item: n })}
              />
            </div>
          </div>
        </Section>
        <Section title="Choose another" class="views-choose">
          <ImageStrip
            {...{ key: `${dataset.id} ${split}`, dataset: dataset.id, split, item }}
            onChoose={(n) => setQuery({ item: n })}
          />
        </Section>
      </div>
      <div class="stack views-made">
        <Section
          title="Pairs of views"
          note={sheet && `${sheet.px} px, of the first ${pairs} epochs`}
          actions={
            <Button size="small" icon="play" needs="train" href={href("/new", job)}>Use in a new job</Button>
          }
        >
          <div class="stack">
            <div class="toolbar views-bar">
              <div class="views-seed">
                <NumberInput
                  label="Seed"
                  value={seed}
                  min={0}
                  step={1}
                  onInput={(n) =>
                    n !== undefined && Number.isSafeInteger(n) && n >= 0 && setQuery({ seed: n })}
                />
                <IconButton
                  icon="left"
                  label="The seed before"
                  blocked={seed === 0 && "Seeds begin with 0"}
                  onClick={() => setQuery({ seed: seed - 1 })}
                />
                <IconButton icon="right" label="The next seed" onClick={() => setQuery({ seed: seed + 1 })} />
                <IconButton
                  icon="refresh"
                  label="Another seed"
                  onClick={() => setQuery({ seed: Math.floor(Math.random() * 1e6) })}
                />
              </div>
              <Select
                label="Pairs"
                value={String(pairs)}
                options={[...new Set([...PAIRS, pairs])].toSorted((a, b) => a - b).map(String)}
                onInput={(count) => setQuery({ pairs: count })}
              />
              <Select
                label="View size"
                value={String(px ?? "")}
                options={[
                  { value: "", text: px === undefined && sheet ? `${sheet.px} px (auto)` : "auto" },
                  ...[...new Set([32, 64, 96, 128, 160, 224, ...px === undefined ? [] : [px]])]
                    .toSorted((a, b) => a - b).map((size) => ({ value: String(size), text: `${size} px` })),
                ]}
                onInput={(size) => setQuery({ px: size })}
              />
              <Select
                label="Shown at"
                value={String(side ?? "")}
                options={[
                  { value: "", text: "fitting" },
                  ...[...new Set([...SIDES, ...side === undefined ? [] : [side]])].toSorted((a, b) => a - b)
                    .map((size) => ({ value: String(size), text: `${size} px` })),
                ]}
                onInput={(size) => setQuery({ side: size })}
              />
            </div>
            {error && atFields.length === 0 && (
              sheet
                ? <Notice tone="bad">{error.message}</Notice>
                : <ErrorState error={error} title="The views could not be made" />
            )}
            {sheet ? <PairSheet sheet={sheet} side={side} busy={busy} /> : !error && <Skeleton lines={6} />}
          </div>
        </Section>
        <Section title="Augmentation" note="as a job's config has it" class="views-augmentation">
          <AugmentationForm
            document={document}
            value={augmentation}
            decided={sheet && (sheet.px > SMALL ? "byol" : "cifar")}
            errors={atFields}
            onInput={setAugmentation}
          />
        </Section>
      </div>
    </div>
  );
}
