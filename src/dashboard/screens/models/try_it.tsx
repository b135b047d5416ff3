import { useEffect, useRef, useState } from "preact/hooks";
import { Refused } from "../../../client/client.ts";
import { reportAlive, reportLost } from "../../live/connection.ts";
import { invalidate } from "../../live/query.ts";
import { authorization, can } from "../../live/session.ts";
import { Button } from "../../parts/button.tsx";
import { DropZone } from "../../parts/drop_zone.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Section } from "../../parts/section.tsx";
import { ErrorState, Notice } from "../../parts/states.tsx";
import type { Model } from "./model_data.ts";
import { readServerTiming, type Stage } from "./server_timing.ts";
import { EmbeddingView, LabelsView, TimingView } from "./try_it_views.tsx";

export interface Answer {
  embedding?: number[];
  labels?: { label: string; score: number }[];
  /** From the request's beginning to its answer, as the page saw it. */
  wallMs: number;
  stages: Stage[];
}
const LABELS = 8;

/** Asks the model about an image: as it comes, in one request, as a program would. @throws {Refused} */
async function ask({ id, task }: Model, file: Blob, signal: AbortSignal): Promise<Answer> {
  const query: Record<string, string> = task === "classification"
    ? { model: id, top_k: String(LABELS) }
    : { model: id };
  const path = `/v1/${task === "classification" ? "classifications" : "embeddings"}`;
  const began = performance.now();
  const response = await fetch(`${path}?${new URLSearchParams(query)}`, {
    ...{ method: "POST", body: file, signal },
    // What it is in truth, the server finds by its bytes.
    headers: {
      ...authorization(),
      "Content-Type": file.type.startsWith("image/") ? file.type : "image/jpeg",
    },
  });
  reportAlive();
  if (!response.ok) throw await Refused.of(response);
  const { data: [first] } = await response.json();
  const stages = readServerTiming(response.headers.get("Server-Timing"));
  return { ...first, wallMs: performance.now() - began, stages };
}

/** An image in, what the model makes of it out. */
export function TryIt({ model }: { model: Model }) {
  const [file, setFile] = useState<File>(), [answer, setAnswer] = useState<Answer>();
  const [error, setError] = useState<Error>(), [busy, setBusy] = useState(false);
  const running = useRef<AbortController>(), preview = usePreview(file);
  useEffect(() => () => running.current?.abort(), []);
  const send = async (taken: File) => {
    running.current?.abort();
    const { signal } = running.current = new AbortController();
    setFile(taken);
    setBusy(true);
    setError(undefined);
    try {
      const given = await ask(model, taken, signal);
      if (signal.aborted) return;
      setAnswer(given);
      invalidate("models:"); // its latency
    } catch (error) {
      if (signal.aborted) return;
      setAnswer(undefined);
      setError(error as Error);
      if (error instanceof TypeError) reportLost();
    }
    setBusy(false);
  };
  const allowed = can("embed");
  return (
    <Section
      title="Try it"
      note={model.task === "classification" ? "an image to labels" : "an image to a vector"}
      actions={file && (
        <Button size="small" icon="refresh" busy={busy} onClick={() => send(file)}>Again</Button>
      )}
    >
      <div class="stack">
        {!allowed && (
          <Notice tone="warning">
            Your key may look only: this needs the scope <code>embed</code>.
          </Notice>
        )}
        <DropZone label="Image to try" accept="image/*" onFile={send} disabled={!allowed} class="models-drop">
          {preview && !busy ? <Preview key={preview} src={preview} name={file!.name} /> : (
            busy ? <span class="spinner" aria-hidden="true" /> : <Icon name="image" size={22} />
          )}
          <span>
            {file ? <span class="one-line">{file.name}</span> : "Drop an image here, or choose one"}
          </span>
        </DropZone>
        <div class="stack models-answer" aria-live="polite">
          {error && <ErrorState error={error} title="It made nothing of that" />}
          {answer?.embedding && <EmbeddingView embedding={answer.embedding} />}
          {answer?.labels && <LabelsView labels={answer.labels} />}
          {answer && <TimingView stages={answer.stages} wallMs={answer.wallMs} />}
        </div>
      </div>
    </Section>
  );
}

/** A URL of a file, as long as it is shown. */
function usePreview(file: File | undefined): string | undefined {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (!file) return;
    const made = URL.createObjectURL(file);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return url;
}

/** The image, where the browser can show it: TIFF and PNM it cannot, though the server reads them. */
function Preview({ src, name }: { src: string; name: string }) {
  const [broken, setBroken] = useState(false);
  if (broken) return <Icon name="image" size={22} />;
  return <img class="models-preview" src={src} alt={name} onError={() => setBroken(true)} />;
}
