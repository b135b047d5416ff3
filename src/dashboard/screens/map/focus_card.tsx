import { href } from "../../live/address.ts";
import { useQuery } from "../../live/query.ts";
import { calls, dataOf } from "../../live/session.ts";
import { ApiImage } from "../../parts/api_image.tsx";
import { Button, IconButton } from "../../parts/button.tsx";
import { Section } from "../../parts/section.tsx";
import { Badge } from "../../parts/status_pill.tsx";

/** The one image that is marked on the map, and the way to its neighbours. */
export function FocusCard({ dataset, model, n, onClose }: {
  dataset: string;
  model: string;
  n: number;
  onClose: () => void;
}) {
  const entry = useQuery(`dataset:${dataset}/items/${n}`, async (signal) => {
    const params = { path: { id: dataset }, query: n > 0 ? { after: n - 1, limit: 1 } : { limit: 1 } };
    return (await dataOf(calls().GET("/v1/datasets/{id}/items", { params, signal }))).data[0];
  }).data;
  return (
    <Section
      title={`Image ${n}`}
      actions={<IconButton icon="close" label="Unmark the image" onClick={onClose} />}
    >
      <div class="map-focus">
        <ApiImage src={`/v1/datasets/${dataset}/items/${n}/image?px=192`} alt={`Image ${n}`} size={96} />
        <div class="map-focus-about">
          <span class="row">
            {entry?.class && <Badge tone="accent">{entry.class}</Badge>}
            {entry && <Badge>{entry.split}</Badge>}
          </span>
          <span class="soft map-path">{entry?.path ?? "…"}</span>
          <Button size="small" icon="neighbors" href={href("/neighbors", { dataset, model, item: n })}>
            Its neighbours
          </Button>
        </div>
      </div>
    </Section>
  );
}
