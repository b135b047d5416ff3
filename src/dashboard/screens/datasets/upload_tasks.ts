import { signal } from "@preact/signals";
import { DetailedError, Upload } from "tus-js-client";
import { reportLost, whenAlive } from "../../live/connection.ts";
import { authorization } from "../../live/session.ts";
import { createDataset } from "./kept_uploads.ts";
import { toMetadata, type UploadSettings } from "./upload_settings.ts";

/** An upload of this page's: it goes on whatever screen is open. */
export interface UploadTask {
  id: number;
  name: string;
  bytes: number;
  /** Bytes that the server has, as far as we know. */
  sent: number;
  /** Bytes a second; undefined until there is something to tell. */
  rate?: number;
  /** `broken`: the connection is; it goes on by itself once the server answers. `creating`: its bytes are all there. */
  state: "sending" | "paused" | "broken" | "creating" | "failed";
  error?: string;
}
export interface UploadOrder {
  blob: Blob;
  /** What the file, or the folder, was called. */
  fileName: string;
  /** What tells it from others, when it is chosen again. */
  fingerprint: string;
  settings: UploadSettings;
}

/** How often a request is tried again, and after how long, before the server is thought to be away. */
const RETRIES_MS = [0, 500, 1000, 2000, 4000];
/** How often it breaks off without a byte more until that is a failure: the file may have changed meanwhile. */
const BREAKS = 3;
export const uploadTasks = signal<UploadTask[]>([]);
interface Run {
  upload: Upload;
  settings: UploadSettings;
  /** Since when it goes on, and from where: its rate. */
  begun?: { at: number; sent: number };
  breaks: number;
}
const running = new Map<number, Run>();
let count = 0;

const update = (id: number, changes: Partial<UploadTask>): void => {
  uploadTasks.value = uploadTasks.value.map((task) => task.id === id ? { ...task, ...changes } : task);
};
function forget(id: number): void {
  running.delete(id);
  uploadTasks.value = uploadTasks.value.filter((task) => task.id !== id);
}
/** Where the uploads of this page go to. */
export const runningUrls = (): (string | null)[] => [...running.values()].map(({ upload }) => upload.url);

addEventListener("beforeunload", (event) => {
  if (uploadTasks.value.some(({ state }) => state === "sending" || state === "broken")) {
    event.preventDefault();
  }
});

/** Begins an upload, or goes on with what is there of the same file; a dataset is made of it in the end. */
export async function beginUpload({ blob, fileName, fingerprint, settings }: UploadOrder): Promise<void> {
  const id = ++count;
  const upload = new Upload(blob, {
    endpoint: `${location.origin}/v1/uploads`,
    retryDelays: RETRIES_MS,
    metadata: { filename: fileName, ...toMetadata(settings) },
    fingerprint: () => Promise.resolve(fingerprint),
    removeFingerprintOnSuccess: false, // not before it is a dataset
    onBeforeRequest: (request) => {
      for (const [name, value] of Object.entries(authorization())) request.setHeader(name, value);
    },
    onProgress: (sent) => progress(id, sent),
    onSuccess: () => void create(id),
    onError: (error) => fail(id, error),
  });
  running.set(id, { upload, settings, breaks: 0 });
  uploadTasks.value = [...uploadTasks.value, {
    id,
    name: settings.name,
    bytes: blob.size,
    sent: 0,
    state: "sending",
  }];
  const [previous] = await upload.findPreviousUploads();
  if (previous) upload.resumeFromPreviousUpload(previous);
  upload.start();
}

export async function pauseUpload(id: number): Promise<void> {
  await running.get(id)?.upload.abort();
  update(id, { state: "paused", rate: undefined });
}

/** Goes on from where the server is, or only makes the dataset, if all bytes are there. */
export function resumeUpload(id: number): void {
  const task = uploadTasks.value.find((task) => task.id === id), run = running.get(id);
  if (!task || !run) return;
  if (task.state === "failed" && task.sent === task.bytes && run.upload.url) return void create(id);
  update(id, { state: "sending", error: undefined, rate: undefined });
  run.begun = undefined;
  run.upload.start();
}

/** Gives an upload up; the server forgets what it has of it. */
export async function cancelUpload(id: number): Promise<void> {
  const upload = running.get(id)?.upload;
  forget(id);
  await upload?.abort(true).catch(() => {}); // what it cannot be told now it finds out by the upload's age
}

function progress(id: number, sent: number): void {
  const run = running.get(id), now = performance.now();
  if (!run) return;
  run.begun ??= { at: now, sent };
  if (sent > run.begun.sent) run.breaks = 0;
  const seconds = (now - run.begun.at) / 1000;
  update(id, { sent, rate: seconds > 1 ? (sent - run.begun.sent) / seconds : undefined });
}

function fail(id: number, error: Error): void {
  const run = running.get(id), failed = { state: "failed" as const, rate: undefined };
  if (!run) return;
  if (!(error instanceof DetailedError)) return update(id, { ...failed, error: error.message });
  const response = error.originalResponse;
  if (response) return update(id, { ...failed, error: detailOf(response.getBody()) ?? error.message });
  if (run.breaks++ >= BREAKS) {
    const error = "It breaks off again and again. Has the file been changed, or moved, since it was chosen?";
    return update(id, { ...failed, error });
  }
  update(id, { state: "broken", rate: undefined });
  reportLost();
  void whenAlive().then(() => {
    if (uploadTasks.value.find((task) => task.id === id)?.state === "broken") resumeUpload(id);
  });
}

function detailOf(body: string): string | undefined {
  try {
    return JSON.parse(body).detail;
  } catch {
    return undefined;
  }
}

async function create(id: number): Promise<void> {
  const run = running.get(id);
  if (!run?.upload.url) return;
  update(id, { state: "creating", error: undefined, rate: undefined });
  try {
    await createDataset(run.upload.url, run.settings);
  } catch (error) {
    return update(id, { state: "failed", error: (error as Error).message });
  }
  forget(id);
}
