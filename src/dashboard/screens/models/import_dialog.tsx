import { useEffect, useRef, useState } from "preact/hooks";
import { goTo } from "../../live/address.ts";
import { invalidate } from "../../live/query.ts";
import { toast } from "../../live/toasts.ts";
import { Button } from "../../parts/button.tsx";
import { CodeSnippet } from "../../parts/copy_button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { DropZone } from "../../parts/drop_zone.tsx";
import { NumberInput, TextInput } from "../../parts/field.tsx";
import { formatBytes } from "../../parts/format.ts";
import { Icon } from "../../parts/icon.tsx";
import { ProgressBar } from "../../parts/progress_bar.tsx";
import { Notice } from "../../parts/states.tsx";
import { ImportRefused, sendCheckpoint } from "./send_checkpoint.ts";

/** Brings a model that was trained elsewhere. */
export function ImportDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const [file, setFile] = useState<File>(), [px, setPx] = useState<number>(), [arch, setArch] = useState("");
  const [mean, setMean] = useState(""), [std, setStd] = useState("");
  const [sent, setSent] = useState<number>(), [error, setError] = useState<Error>();
  const stop = useRef<AbortController>();
  useEffect(() => {
    if (open) return;
    stop.current?.abort();
    setFile(undefined);
    setError(undefined);
  }, [open]);
  const take = (taken: File) => {
    setFile(taken);
    setError(undefined);
  };
  const send = async () => {
    if (!file || sent !== undefined) return;
    stop.current = new AbortController();
    setError(undefined);
    setSent(0);
    try {
      const query = { px: px?.toString(), arch, mean, std };
      const checkpoint = await sendCheckpoint(file, query, setSent, stop.current.signal);
      invalidate("models");
      toast(`Imported a ${checkpoint.arch}`, "good");
      onClose();
      goTo(`/models/${checkpoint.id}`);
    } catch (error) {
      if (!stop.current.signal.aborted) setError(error as Error);
    }
    setSent(undefined);
  };
  const wrong = (name: string) => error instanceof ImportRefused ? error.of(name) : undefined;
  return (
    <Dialog
      title="Import a checkpoint"
      open={open}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            kind="primary"
            busy={sent !== undefined}
            blocked={!file && "Choose a file first"}
            onClick={send}
          >
            Import
          </Button>
        </>
      }
    >
      <p>
        A ResNet in one <code>.safetensors</code>{" "}
        file, with torchvision's, timm's or transformers' names. With a classifier in it, it classifies, too.
      </p>
      <DropZone
        label="Checkpoint file"
        accept=".safetensors,.pt,.pth,.ckpt,.bin"
        onFile={take}
        disabled={sent !== undefined}
      >
        <Icon name="upload" />
        {file
          ? <span class="one-line">{file.name} · {formatBytes(file.size)}</span>
          : <span>Drop a file here, or choose one</span>}
      </DropZone>
      {sent !== undefined && (
        <ProgressBar value={sent} max={file?.size} label="Sent to the server" showPercent />
      )}
      {error && <ImportFault error={error} />}
      <details>
        <summary>How its images are to be prepared</summary>
        <div class="models-import">
          <NumberInput
            {...{
              label: "Side of images",
              note: "px",
              value: px,
              onInput: setPx,
              min: 8,
              max: 512,
              error: wrong("px"),
            }}
            {...{ placeholder: "224; 32 for encoders of small images" }}
          />
          <TextInput
            {...{ label: "Encoder", note: "optional", value: arch, onInput: setArch, error: wrong("arch") }}
            {...{ placeholder: "told by the tensors' shapes" }}
          />
          <TextInput
            {...{ label: "Mean of the channels", value: mean, onInput: setMean, error: wrong("mean") }}
            {...{ placeholder: "ImageNet's: 0.485,0.456,0.406" }}
          />
          <TextInput
            {...{ label: "Standard deviation", value: std, onInput: setStd, error: wrong("std") }}
            {...{ placeholder: "ImageNet's: 0.229,0.224,0.225" }}
          />
        </div>
      </details>
    </Dialog>
  );
}

/** Why it was refused; a file of PyTorch's own with the program that converts it. */
function ImportFault({ error }: { error: Error }) {
  const refused = error instanceof ImportRefused ? error : undefined;
  return (
    <div class="stack" role="alert">
      <Notice tone="bad">
        <p>{refused?.isPickle ? refused.reason : error.message}</p>
        {refused?.details.map((detail) => <p key={detail}>{detail}</p>)}
      </Notice>
      {refused?.conversion && <CodeSnippet language="Python" code={refused.conversion} />}
    </div>
  );
}
