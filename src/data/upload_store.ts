import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { join } from "@std/path";
import { DataStore, ERRORS, Upload } from "@tus/server";
import { DomainError } from "../domain/errors.ts";
import { checkId, isId } from "../domain/ids.ts";
import { syncDirectory } from "../files/durable.ts";
import { diskFull } from "./spool.ts";

/** What is known of an upload before its bytes, as `<id>.json`; the bytes are `<id>`, and the offset is their number. */
interface Record {
  size: number;
  metadata: { [key: string]: string | null };
  creation_date: string;
}

/** An error as tus's server answers it. */
const refusal = (status_code: number, body: string) => ({ status_code, body: `${body}\n` });

/**
 * Resumable uploads on disk. What a PATCH was answered for is synced; what came before a client vanished is kept, up to
 * the last byte that was written.
 */
export class UploadStore extends DataStore {
  override extensions = ["creation", "creation-with-upload", "termination", "expiration"];

  /** @param lifetimeMs What an upload may take, from its creation until it becomes a dataset. */
  constructor(readonly directory: string, readonly lifetimeMs: number) {
    super();
  }

  override async create(upload: Upload): Promise<Upload> {
    const { id, size, metadata } = upload, sha256 = metadata?.sha256;
    if (sha256 !== undefined && !/^[0-9a-f]{64}$/i.test(sha256 ?? "")) {
      throw refusal(400, "Cannot create the upload: sha256 in Upload-Metadata must be 64 hexadecimal digits");
    }
    upload.creation_date = new Date().toISOString();
    const record: Record = { size: size!, metadata: metadata ?? {}, creation_date: upload.creation_date };
    const [path, note] = [this.#path(id), this.#note(id)];
    try {
      await Deno.writeFile(path, new Uint8Array(), { createNew: true });
      await Deno.writeTextFile(`${note}.tmp`, JSON.stringify(record));
      await Deno.rename(`${note}.tmp`, note); // listed from here on
      await syncDirectory(this.directory);
    } catch (error) {
      await this.#removeFiles(id);
      throw diskFull(error) ? refusal(507, "Cannot keep the upload: the disk is full") : error;
    }
    return upload;
  }

  override async write(stream: Readable, id: string, offset: number): Promise<number> {
    using file = await Deno.open(this.#path(id), { write: true });
    await file.truncate(offset);
    await file.seek(offset, Deno.SeekMode.Start);
    let written = offset, failed: { error: unknown } | undefined;
    try {
      for await (const chunk of stream as AsyncIterable<Uint8Array>) {
        for (let at = 0; at < chunk.length;) at += await file.write(chunk.subarray(at));
        written += chunk.length;
      }
    } catch (error) {
      failed = { error };
    }
    try {
      if (failed && diskFull(failed.error)) await file.truncate(written); // less than a chunk is no promise
      await file.sync();
    } catch (error) {
      failed ??= { error };
    }
    if (failed) {
      throw diskFull(failed.error) ? refusal(507, "Cannot keep the upload: the disk is full") : failed.error;
    }
    return written;
  }

  override async getUpload(id: string): Promise<Upload> {
    const record = await this.#record(id);
    const { size: offset } = await Deno.stat(this.#path(id)).catch(() =>
      Promise.reject(ERRORS.FILE_NOT_FOUND)
    );
    return new Upload({ id, offset, ...record });
  }

  override async remove(id: string): Promise<void> {
    await this.#record(id);
    await this.#removeFiles(id);
  }

  override getExpiration(): number {
    return this.lifetimeMs;
  }

  /** Removes what has expired, finished or not, and what has no record. @returns How many. */
  override async deleteExpired(): Promise<number> {
    const ids = new Set([...Deno.readDirSync(this.directory)].map(({ name }) => name.split(".")[0]));
    let removed = 0;
    for (const id of ids) {
      if (!isId("up", id)) continue;
      const record = await this.#record(id).catch(() => undefined);
      if (record && Date.parse(record.creation_date) + this.lifetimeMs >= Date.now()) continue;
      // Without a record it may be one that is being created this moment.
      const born = (await Deno.stat(this.#path(id)).catch(() => undefined))?.mtime?.getTime() ?? 0;
      if (!record && Date.now() - born < 60_000) continue;
      await this.#removeFiles(id);
      removed++;
    }
    return removed;
  }

  /**
   * Holds a finished upload against the hash that its client told, if it did.
   *
   * @throws What tus's server answers with 422; the upload is gone then.
   */
  async verify(id: string): Promise<void> {
    const { metadata: { sha256 } } = await this.#record(id);
    if (!sha256) return;
    const hash = createHash("sha256");
    for await (const chunk of (await Deno.open(this.#path(id))).readable) hash.update(chunk);
    const actual = hash.digest("hex");
    if (actual === sha256.toLowerCase()) return;
    await this.#removeFiles(id);
    throw refusal(
      422,
      `Cannot take the upload: its SHA-256 must be ${sha256}, got ${actual}; it is discarded`,
    );
  }

  /**
   * Hands a finished upload's bytes over: afterwards they lie at `to`, and the upload is gone.
   *
   * @param to On the same file system.
   * @returns Bytes.
   * @throws {DomainError} `not_found`; `conflict` while it is not finished; `invalid` if it is not what its client told.
   */
  async take(id: string, to: string): Promise<number> {
    checkId("up", id);
    const missing = () => new DomainError("not_found", `Cannot find the upload ${id}: there is none`);
    const { size, offset } = await this.getUpload(id).catch(() => Promise.reject(missing()));
    if (offset !== size) {
      const reason = `${offset} of its ${size} bytes are there`;
      throw new DomainError("conflict", `Cannot use the upload ${id}: ${reason}`, {
        type: "upload_incomplete",
      });
    }
    await this.verify(id).catch(({ body }) => {
      throw new DomainError("invalid", String(body).trim(), { type: "checksum_mismatch" });
    });
    await Deno.rename(this.#path(id), to);
    await this.#removeFiles(id);
    return size;
  }

  #path(id: string): string {
    if (!isId("up", id)) throw ERRORS.FILE_NOT_FOUND; // and never a part of a path
    return join(this.directory, id);
  }
  #note = (id: string): string => `${this.#path(id)}.json`;

  async #record(id: string): Promise<Record> {
    try {
      return JSON.parse(await Deno.readTextFile(this.#note(id)));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) throw ERRORS.FILE_NOT_FOUND;
      throw error;
    }
  }
  async #removeFiles(id: string): Promise<void> {
    for (const path of [this.#note(id), `${this.#note(id)}.tmp`, this.#path(id)]) {
      await Deno.remove(path).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    }
  }
}
