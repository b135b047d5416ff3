import { useState } from "preact/hooks";
import { Refused } from "../../client/client.ts";
import { authorization, usesKey } from "../live/session.ts";
import { toast } from "../live/toasts.ts";
import { Button } from "./button.tsx";

/**
 * Downloads one of the API's files. Where a key is in use it is fetched with that, since a link sends no header: into a file
 * that is chosen where the browser can, by way of its memory where it cannot.
 *
 * @param src Its path. @param name What it is to be called.
 */
export function DownloadButton({ src, name, children }: { src: string; name: string; children: string }) {
  const [busy, setBusy] = useState(false), title = `Download ${name}`;
  if (!usesKey()) {
    return (
      <a class="button button-plain button-small" href={src} download={name} title={title}>{children}</a>
    );
  }
  const press = async () => {
    setBusy(true);
    try {
      await save(src, name);
    } catch (error) {
      const { name: kind, message } = error as Error;
      if (kind !== "AbortError") {
        toast(`${name}: ${error instanceof TypeError ? "the server does not answer" : message}`, "bad");
      }
    }
    setBusy(false);
  };
  return <Button size="small" busy={busy} title={title} onClick={press}>{children}</Button>;
}

/** A file that the reader has chosen; not every browser can remove one. */
interface Place {
  createWritable(): Promise<WritableStream>;
  getFile(): Promise<File>;
  remove?(): Promise<void>;
}
type Picker = (options: { suggestedName: string }) => Promise<Place>;

async function save(src: string, name: string): Promise<void> {
  const { showSaveFilePicker } = window as unknown as { showSaveFilePicker?: Picker };
  const place = await showSaveFilePicker?.({ suggestedName: name }); // first: it is owed to the press alone
  try {
    const response = await fetch(src, { headers: authorization() });
    if (!response.ok) throw await Refused.of(response);
    if (place) return await response.body!.pipeTo(await place.createWritable());
    const url = URL.createObjectURL(await response.blob());
    Object.assign(document.createElement("a"), { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  } catch (error) {
    // The picker has made an empty file of a new name; one that was there before keeps what it held.
    if (place && (await place.getFile()).size === 0) await place.remove?.();
    throw error;
  }
}
