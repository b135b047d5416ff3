import { useRef, useState } from "preact/hooks";
import { invalidate } from "../../live/query.ts";
import { authorization } from "../../live/session.ts";
import { toast } from "../../live/toasts.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { formatBytes } from "../../parts/format.ts";
import { ProgressBar } from "../../parts/progress_bar.tsx";
import { Notice } from "../../parts/states.tsx";
import type { Chosen } from "./chosen_files.ts";
import type { Dataset } from "./dataset.ts";
import { mediaTypeOf, sendWithProgress } from "./send_with_progress.ts";
import { UploadBox } from "./upload_box.tsx";
import { ChosenNote } from "./upload_form.tsx";
import { orderOf } from "./upload_order.ts";

/** More images for a dataset: another archive, or others. */
export function AddPart({ dataset: { id, name }, onClose }: { dataset: Dataset; onClose: () => void }) {
  const [chosen, setChosen] = useState<Chosen>(), [error, setError] = useState<string>();
  const [sent, setSent] = useState<{ bytes: number; of: number }>();
  const own = useRef<AbortController>();
  const send = async () => {
    setError(undefined);
    const { signal } = own.current = new AbortController();
    try {
      const { blob, fileName } = await orderOf(chosen!);
      signal.throwIfAborted(); // the dialog was closed while the files were packed
      setSent({ bytes: 0, of: blob.size });
      await sendWithProgress(`/v1/datasets/${id}/parts`, blob, {
        headers: { ...authorization(), "Content-Type": mediaTypeOf(fileName, blob.type) },
        signal,
        onProgress: (bytes) => setSent({ bytes, of: blob.size }),
      });
      toast(`The part is uploaded: ${name} is being read again`, "good");
      invalidate("dataset");
      onClose();
    } catch (error) {
      if (!signal.aborted) setError((error as Error).message);
      setSent(undefined);
    }
  };
  const close = () => {
    own.current?.abort();
    onClose();
  };
  const chooseAgain = () => {
    for (const clear of [setChosen, setError]) clear(undefined);
  };
  const actions = chosen && (
    <>
      <Button onClick={close}>{sent ? "Cancel the upload" : "Cancel"}</Button>
      {!sent && <Button onClick={chooseAgain}>Choose others</Button>}
      <Button kind="primary" icon="upload" busy={sent !== undefined} onClick={send}>Add to {name}</Button>
    </>
  );
  return (
    <Dialog title={`Add to ${name}`} open wide onClose={close} actions={actions}>
      <p>
        Its images come behind those that are there, taken in by the same settings. Until they are in, no job
        can begin with the dataset.
      </p>
      {chosen
        ? <ChosenNote chosen={chosen} />
        : <UploadBox what="Drop more images, a folder, or the next archive" onChosen={setChosen} />}
      {sent && (
        <div>
          <ProgressBar value={sent.bytes} max={sent.of} label="Upload of the part" showPercent />
          <p class="soft figures">{formatBytes(sent.bytes)} of {formatBytes(sent.of)}</p>
        </div>
      )}
      {error && (
        <div role="alert">
          <Notice tone="bad">{error}</Notice>
        </div>
      )}
    </Dialog>
  );
}
