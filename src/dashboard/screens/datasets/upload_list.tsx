import { useEffect, useState } from "preact/hooks";
import { invalidate, useQuery } from "../../live/query.ts";
import { can } from "../../live/session.ts";
import { toast } from "../../live/toasts.ts";
import { Button, IconButton } from "../../parts/button.tsx";
import { formatBytes, formatDuration, formatPercent } from "../../parts/format.ts";
import { ProgressBar } from "../../parts/progress_bar.tsx";
import { RelativeTime } from "../../parts/relative_time.tsx";
import { Section } from "../../parts/section.tsx";
import { chosenOf, placed } from "./chosen_files.ts";
import { FilePicker } from "./file_picker.tsx";
import { createDataset, discardUpload, findKeptUploads, type KeptUpload } from "./kept_uploads.ts";
import { fingerprintOfChosen, orderOf } from "./upload_order.ts";
import {
  beginUpload,
  cancelUpload,
  pauseUpload,
  resumeUpload,
  runningUrls,
  type UploadTask,
  uploadTasks,
} from "./upload_tasks.ts";

/** Uploads under way, and those that an earlier page did not finish; nothing, if there are none. */
export function UploadList() {
  const tasks = uploadTasks.value, allowed = can("train");
  const kept = useQuery(allowed ? "uploads" : undefined, (signal) => findKeptUploads(runningUrls(), signal));
  useEffect(() => invalidate("uploads"), [tasks.length]);
  const urls = runningUrls(), left = (kept.data ?? []).filter(({ url }) => !urls.includes(url));
  if (tasks.length === 0 && left.length === 0) return null;
  return (
    <Section title="Uploads" flush>
      <ul class="datasets-uploads">
        {tasks.map((task) => <Task key={task.id} task={task} />)}
        {left.map((upload) => <Kept key={upload.url} upload={upload} />)}
      </ul>
    </Section>
  );
}

const TONES = {
  sending: "running",
  paused: "warning",
  broken: "warning",
  creating: "good",
  failed: "bad",
} as const;

function Task({ task }: { task: UploadTask }) {
  const { id, name, bytes, sent, rate, state, error } = task;
  const said = {
    sending: rate ? `${formatBytes(rate)}/s, ${formatDuration((bytes - sent) / rate)} left` : "",
    paused: "paused",
    broken: "the connection is lost; it goes on by itself",
    creating: "making the dataset",
    failed: error ?? "failed",
  }[state];
  const going = state === "sending" || state === "broken";
  return (
    <li>
      <div class="datasets-upload-line">
        <b class="one-line" title={name}>{name}</b>
        <span class="soft figures">{formatBytes(sent)} of {formatBytes(bytes)}</span>
      </div>
      <ProgressBar value={sent} max={bytes} label={`Upload of ${name}`} tone={TONES[state]} showPercent />
      <div class="datasets-upload-line">
        <span
          class={state === "failed" ? "datasets-bad" : "soft"}
          role={state === "failed" ? "alert" : "status"}
        >
          {said}
        </span>
        {state !== "creating" && (
          <span class="row">
            {going
              ? <Button size="small" icon="pause" onClick={() => void pauseUpload(id)}>Pause</Button>
              : <Button size="small" icon="play" onClick={() => resumeUpload(id)}>Resume</Button>}
            <IconButton
              icon="close"
              label={`Cancel the upload of ${name}`}
              onClick={() => void cancelUpload(id)}
            />
          </span>
        )}
      </div>
    </li>
  );
}

/** One that waits for its file: the browser keeps none across pages. */
function Kept({ upload }: { upload: KeptUpload }) {
  const { url, fileName, bytes, sent, begun, settings, fingerprint } = upload, whole = sent === bytes;
  const [busy, setBusy] = useState(false), folder = fingerprint.startsWith("latentd-folder-");
  const act = async (what: () => Promise<void>) => {
    setBusy(true);
    await what().catch((error: Error) => toast(error.message, "bad"));
    setBusy(false);
    invalidate("uploads");
  };
  const resume = (files: File[]) =>
    act(async () => {
      const chosen = chosenOf(placed(files));
      if (fingerprintOfChosen(chosen) !== fingerprint) {
        throw new Error(
          `That is not what was being uploaded, or it has changed since: choose ${fileName} again`,
        );
      }
      await beginUpload({ ...await orderOf(chosen), settings });
    });
  return (
    <li>
      <div class="datasets-upload-line">
        <b class="one-line" title={fileName}>{settings.name}</b>
        <span class="soft figures">{formatBytes(sent)} of {formatBytes(bytes)}</span>
      </div>
      <ProgressBar
        value={sent}
        max={bytes}
        label={`Unfinished upload of ${settings.name}`}
        tone="off"
        showPercent
      />
      <div class="datasets-upload-line">
        <span class="soft">
          {whole
            ? "All of it is here; only the dataset has not been made"
            : `${formatPercent(1 - sent / bytes, 0)} of ${fileName} is missing. Begun `}
          {!whole && <RelativeTime iso={begun} />}
        </span>
        <span class="row">
          {whole
            ? (
              <Button
                size="small"
                icon="check"
                busy={busy}
                onClick={() => act(() => createDataset(url, settings))}
              >
                Make the dataset
              </Button>
            )
            : (
              <FilePicker
                label={`Choose ${fileName} again`}
                folder={folder}
                onFiles={(files) => void resume(files)}
              >
                {(open) => (
                  <Button size="small" icon="play" busy={busy} onClick={open}>
                    {folder ? "Choose the folder again" : "Choose the file again"}
                  </Button>
                )}
              </FilePicker>
            )}
          <IconButton
            {...{ icon: "trash", label: `Discard the upload of ${settings.name}`, busy }}
            onClick={() => void act(() => discardUpload(url))}
          />
        </span>
      </div>
    </li>
  );
}
