import { useState } from "preact/hooks";
import { ApiImage } from "../../parts/api_image.tsx";
import { IconButton } from "../../parts/button.tsx";
import { formatCount } from "../../parts/format.ts";
import { Loaded } from "../../parts/states.tsx";
import { useItems } from "./dataset_images.ts";

const EACH = 24;

/** A dataset's images in pages, to choose one of. */
export function ImageStrip({ dataset, split, item, onChoose }: {
  dataset: string;
  split?: string;
  item?: number;
  onChoose: (n: number) => void;
}) {
  const [offset, setOffset] = useState(0), query = useItems(dataset, split, offset, EACH);
  const total = query.data?.total ?? 0;
  return (
    <div class="views-strip">
      <div class="views-strip-head">
        <span class="soft figures">
          {total > 0 &&
            `${formatCount(offset + 1)} – ${formatCount(Math.min(total, offset + EACH))} of ${
              formatCount(total)
            }`}
        </span>
        <IconButton
          icon="left"
          label="Images before"
          blocked={offset === 0 && "These are the first"}
          onClick={() => setOffset(Math.max(0, offset - EACH))}
        />
        <IconButton
          icon="right"
          label="Images after"
          blocked={offset + EACH >= total && "These are the last"}
          onClick={() => setOffset(offset + EACH)}
        />
      </div>
      <Loaded query={query} lines={2}>
        {({ data }) => (
          <ul class="views-thumbs">
            {data.map(({ n, path, class: label }) => (
              <li key={n}>
                <button
                  type="button"
                  aria-pressed={n === item}
                  title={`${path}${label ? ` · ${label}` : ""}`}
                  aria-label={`Image ${n}`}
                  onClick={() => onChoose(n)}
                >
                  <ApiImage src={`/v1/datasets/${dataset}/items/${n}/image?px=96`} alt="" />
                </button>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </div>
  );
}
