import { useEffect, useRef, useState } from "preact/hooks";
import type { DatasetChoice } from "../../live/choices.ts";
import { setQuery } from "../../live/address.ts";
import { useQuery } from "../../live/query.ts";
import { calls, dataOf } from "../../live/session.ts";
import { toast } from "../../live/toasts.ts";
import { ApiImage } from "../../parts/api_image.tsx";
import { Button } from "../../parts/button.tsx";
import { NumberInput } from "../../parts/field.tsx";
import { formatCount } from "../../parts/format.ts";
import { Section } from "../../parts/section.tsx";
import { Badge } from "../../parts/status_pill.tsx";
import { dropped, fileOf, IMAGE_TYPES, takeFile } from "./dropped_image.ts";

/** What is looked for, and the ways to choose it: drop, paste, a file, a number, any. */
export function WantedPanel({ dataset, item }: { dataset: DatasetChoice; item: number | undefined }) {
  const picker = useRef<HTMLInputElement>(null), [over, setOver] = useState(false);
  const take = (file: File | undefined) => {
    const wrong = takeFile(file);
    if (wrong) return toast(wrong, "bad");
    setQuery({ item: undefined });
  };
  useEffect(() => {
    const onPaste = (event: ClipboardEvent) => {
      const file = fileOf(event.clipboardData);
      if (file) take(file); // text that is pasted belongs to a field
    };
    addEventListener("paste", onPaste);
    return () => removeEventListener("paste", onPaste);
  }, []);
  const last = dataset.counts.images - 1;
  return (
    <Section title="Looked for" class="neighbors-wanted">
      <div class="stack">
        <div
          class={`neighbors-drop ${over ? "neighbors-drop-over" : ""}`}
          onDragOver={(event) => {
            event.preventDefault();
            setOver(true);
          }}
          onDragLeave={() => setOver(false)}
          onDrop={(event) => {
            event.preventDefault();
            setOver(false);
            take(fileOf(event.dataTransfer));
          }}
        >
          <Shown {...{ dataset, item }} />
          <p class="neighbors-hint">Drop an image here, or paste one.</p>
          <Button icon="upload" size="small" onClick={() => picker.current!.click()}>Choose a file</Button>
          <input
            ref={picker}
            type="file"
            class="unseen"
            tabIndex={-1}
            aria-label="Image file"
            accept={IMAGE_TYPES.join()}
            onChange={({ currentTarget }) => {
              if (currentTarget.files?.length) take(currentTarget.files[0]);
              currentTarget.value = ""; // the same file again is a change, too
            }}
          />
        </div>
        <div class="toolbar neighbors-number">
          <div class="grow">
            <NumberInput
              label="Or number"
              note={`0 … ${formatCount(last)}`}
              value={item}
              onInput={(n) =>
                n !== undefined && Number.isInteger(n) && n >= 0 && n <= last && setQuery({ item: n })}
              min={0}
              max={last}
              step={1}
            />
          </div>
          <Button onClick={() => setQuery({ item: Math.floor(Math.random() * (last + 1)) })}>Random</Button>
        </div>
      </div>
    </Section>
  );
}

function Shown({ dataset, item }: { dataset: DatasetChoice; item: number | undefined }) {
  const entry = useItem(dataset.id, item).data, image = dropped.value;
  if (item !== undefined) {
    return (
      <figure class="neighbors-shown">
        <ApiImage
          src={`/v1/datasets/${dataset.id}/items/${item}/image?px=224`}
          alt={`Image ${item}: ${entry?.path ?? ""}`}
          class="neighbors-large"
        />
        <figcaption>
          <span class="row">
            {entry?.class && <Badge tone="accent">{entry.class}</Badge>}
            {entry && <Badge>{entry.split}</Badge>}
          </span>
          <span class="one-line soft" title={entry?.path}>{entry?.path ?? `image ${item}`}</span>
        </figcaption>
      </figure>
    );
  }
  if (!image) return null;
  return (
    <figure class="neighbors-shown">
      <img src={image.url} alt={`Your image, ${image.name}`} class="api-image neighbors-large" />
      <figcaption>
        <span class="row">
          <Badge tone="accent">your image</Badge>
        </span>
        <span class="one-line soft" title={image.name}>{image.name}</span>
      </figcaption>
    </figure>
  );
}

/** An image's entry. */
export function useItem(dataset: string, item: number | undefined) {
  return useQuery(
    item === undefined ? undefined : `dataset:${dataset}/items/${item}`,
    async (signal) => {
      const query = item! > 0 ? { after: item! - 1, limit: 1 } : { limit: 1 };
      const params = { path: { id: dataset }, query };
      return (await dataOf(calls().GET("/v1/datasets/{id}/items", { params, signal }))).data[0];
    },
  );
}
