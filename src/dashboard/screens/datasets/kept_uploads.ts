import { defaultOptions } from "tus-js-client";
import type { Schemas } from "../../../client/client.ts";
import { invalidate } from "../../live/query.ts";
import { authorization, calls, dataOf } from "../../live/session.ts";
import { toast } from "../../live/toasts.ts";
import { fromMetadata, type UploadSettings } from "./upload_settings.ts";

/** An upload that this browser began and did not finish, by a page that is gone. */
export interface KeptUpload {
  url: string;
  fileName: string;
  fingerprint: string;
  bytes: number;
  /** Bytes that the server has. */
  sent: number;
  begun: string;
  settings: UploadSettings;
}

const storage = defaultOptions.urlStorage;

/** Asks the server how far each has come; what it does not know any more is forgotten. @param running Urls to leave alone. */
export async function findKeptUploads(
  running: readonly (string | null)[],
  signal: AbortSignal,
): Promise<KeptUpload[]> {
  const found: KeptUpload[] = [];
  for (const { uploadUrl, urlStorageKey, size, metadata, creationTime } of await storage.findAllUploads()) {
    if (!uploadUrl || running.includes(uploadUrl)) continue;
    const headers = { ...authorization(), "Tus-Resumable": "1.0.0" };
    const response = await fetch(uploadUrl, { method: "HEAD", headers, signal });
    if (response.status === 404 || response.status === 410) await storage.removeUpload(urlStorageKey);
    if (!response.ok) continue;
    found.push({
      ...{ url: uploadUrl, fileName: metadata.filename ?? "a file", settings: fromMetadata(metadata) },
      fingerprint: urlStorageKey.split("::").slice(1, -1).join("::"),
      bytes: Number(response.headers.get("Upload-Length") ?? size),
      sent: Number(response.headers.get("Upload-Offset")),
      begun: new Date(creationTime).toISOString(),
    });
  }
  return found;
}

/** Makes a dataset of a finished upload, which is used up. @throws {Refused} */
export async function createDataset(url: string, settings: UploadSettings): Promise<void> {
  const body: Schemas["DatasetImport"] = {
    ...settings,
    source: { upload: url.slice(url.lastIndexOf("/") + 1) },
  };
  const { name } = await dataOf(calls().POST("/v1/datasets", { params: { query: {} }, body: body as never }));
  await forgetUpload(url);
  toast(`${name} is uploaded, and is being read`, "good");
  invalidate("datasets");
}

/** Gives up an upload that nobody goes on with. */
export async function discardUpload(url: string): Promise<void> {
  await fetch(url, { method: "DELETE", headers: { ...authorization(), "Tus-Resumable": "1.0.0" } });
  await forgetUpload(url);
}

async function forgetUpload(url: string): Promise<void> {
  for (const { uploadUrl, urlStorageKey } of await storage.findAllUploads()) {
    if (uploadUrl === url) await storage.removeUpload(urlStorageKey);
  }
}
