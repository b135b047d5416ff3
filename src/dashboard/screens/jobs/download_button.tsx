import { useState } from "preact/hooks";
import { Refused } from "../../../client/client.ts";
import { authorization, usesKey } from "../../live/session.ts";
import { toast } from "../../live/toasts.ts";
import { Button } from "../../parts/button.tsx";

/**
 * Downloads something of the API. Where a key is in use it is fetched with that, since a link sends no header: into a file
 * that is chosen where the browser can, by way of its memory where it cannot.
 */
export function DownloadButton({ path, name, children }: { path: string; name: string; children: string }) {
  const [busy, setBusy] = useState(false);
  if (!usesKey()) {
    return (
      <a class="button button-plain button-small" href={path} download={name} title={`Download ${name}`}>
        {children}
      </a>
    );
  }
  const press = async () => {
    setBusy(true);
    try {
      await save(path, name);
    } catch (error) {
      if ((error as Error).name !== "AbortError") toast(`${name}: ${(error as Error).message}`, "bad");
    }
    setBusy(false);
  };
  return <Button size="small" busy={busy} title={`Download ${name}`} onClick={press}>{children}</Button>;
}

type Picker = (options: { suggestedName: string }) => Promise<{ createWritable(): Promise<WritableStream> }>;

async function save(path: string, name: string): Promise<void> {
  const { showSaveFilePicker } = window as unknown as { showSaveFilePicker?: Picker };
  const place = await showSaveFilePicker?.({ suggestedName: name });
  const response = await fetch(path, { headers: authorization() });
  if (!response.ok) throw await Refused.of(response);
  if (place) return await response.body!.pipeTo(await place.createWritable());
  const url = URL.createObjectURL(await response.blob());
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
