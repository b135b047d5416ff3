import { useEffect } from "preact/hooks";
import type { Schemas } from "../../../client/client.ts";
import { href } from "../../live/address.ts";
import { useQuery } from "../../live/query.ts";
import { authorization, calls, dataOf } from "../../live/session.ts";
import { toast } from "../../live/toasts.ts";
import { ApiImage } from "../../parts/api_image.tsx";
import { Button, IconButton } from "../../parts/button.tsx";
import { CopyButton } from "../../parts/copy_button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { formatCount } from "../../parts/format.ts";
import { KeyValue } from "../../parts/section.tsx";
import { Badge } from "../../parts/status_pill.tsx";
import type { Columns, Places } from "./dataset_columns.ts";
import type { Dataset } from "./dataset.ts";

type Item = Schemas["DatasetItem"];

/** One image, large, with what is known of it; arrows go to the next of those that the filter leaves. */
export function ImageDialog({ dataset, columns, places, n, onMove }: {
  dataset: Dataset;
  columns: Columns;
  places: Places;
  n: number;
  onMove: (n: number | undefined) => void;
}) {
  const { id, fingerprint, settings } = dataset, place = places.placeOf(n);
  const query = useQuery(`dataset:${id}/item?${n} ${fingerprint}`, async (signal) => {
    const found = { params: { path: { id }, query: { offset: n, limit: 1 } }, signal };
    return (await dataOf(calls().GET("/v1/datasets/{id}/items", found))).data[0] as Item;
  });
  const to = (place: number) => place >= 0 && place < places.count && onMove(places.at(place));
  useEffect(() => {
    const own = new AbortController();
    addEventListener("keydown", ({ key, altKey }) => {
      if (altKey) return; // the browser's back
      if (key === "ArrowRight") to(place + 1);
      if (key === "ArrowLeft") to(place - 1);
    }, own);
    return () => own.abort();
  });
  const item = query.data, label = columns.classes[columns.class[n]];
  return (
    <Dialog title={`Image ${formatCount(n)}`} open wide onClose={() => onMove(undefined)}>
      <div class="datasets-dialog">
        <div class="datasets-stage">
          <ApiImage key={n} src={`/v1/datasets/${id}/items/${n}/image`} alt={item?.path ?? `Image ${n}`} />
        </div>
        <div class="stack">
          <div class="row">
            <IconButton
              {...{ icon: "left", label: "Previous image", blocked: place <= 0 && "This is the first" }}
              onClick={() => to(place - 1)}
            />
            <span class="figures">{formatCount(place + 1)} of {formatCount(places.count)}</span>
            <IconButton
              {...{
                icon: "right",
                label: "Next image",
                blocked: place >= places.count - 1 && "This is the last",
              }}
              onClick={() => to(place + 1)}
            />
          </div>
          <KeyValue
            rows={[
              [
                "Path",
                item && (
                  <span key="path" class="id-line">
                    <code>{item.path}</code>
                    <CopyButton text={item.path} label="Copy the path" />
                  </span>
                ),
              ],
              ["Split", <Badge key="split">{columns.splits[columns.split[n]]}</Badge>],
              ["Class", label === undefined ? <span class="soft" key="class">none</span> : label],
              ["Size", item && `${item.width} × ${item.height} px`],
              ["Number", String(n)],
            ]}
          />
          <div class="row">
            <Button size="small" icon="views" href={href("/views", { dataset: id, item: n })}>
              Its views
            </Button>
            <Button size="small" icon="neighbors" href={href("/neighbors", { dataset: id, item: n })}>
              Its neighbours
            </Button>
            {settings.originals && (
              <Button size="small" icon="download" onClick={() => void download(id, n)}>Original file</Button>
            )}
          </div>
        </div>
      </div>
    </Dialog>
  );
}

/** Saves an image's file as it came: by a request of our own, for links send no key. */
async function download(id: string, n: number): Promise<void> {
  const response = await fetch(`/v1/datasets/${id}/items/${n}/original`, { headers: authorization() });
  if (!response.ok) return toast(`The file could not be fetched: ${response.status}`, "bad");
  const link = document.createElement("a"), said = response.headers.get("Content-Disposition") ?? "";
  link.href = URL.createObjectURL(await response.blob());
  link.download = /filename="([^"]+)"/.exec(said)?.[1] ?? `${id}-${n}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
