/** The exporter's thread: which file of which layout in; what it consists of, or why there is none, out. */
import { createHash } from "node:crypto";
import { join } from "@std/path";
import { DomainError, toFailure } from "../domain/errors.ts";
import { ARCHIVE } from "../domain/layout.ts";
import type { ExportAnswer, ExportRequest, PlannedFile } from "./exporter.ts";
import { type KeptModel, readKeptModel } from "./kept_model.ts";
import { layoutFiles } from "./layout_files.ts";
import { bytesOf, type Piece } from "./pieces.ts";
import { streamPieces } from "./piece_stream.ts";
import { tarPieces } from "./tar.ts";

const thread = self as unknown as {
  onmessage: (event: MessageEvent<ExportRequest>) => void;
  postMessage(message: ExportAnswer): void;
};

thread.onmessage = async ({ data: { id, ...request } }) => {
  try {
    thread.postMessage({ id, file: await plan(request) });
  } catch (error) {
    thread.postMessage({ id, failure: toFailure(error, `Cannot export ${request.checkpoint.id}`) });
  }
};

async function plan(
  { directory, checkpoint, layout, name }: Omit<ExportRequest, "id">,
): Promise<PlannedFile> {
  const model = readKeptModel(directory, checkpoint), files = layoutFiles(model, layout);
  const pieces = name === ARCHIVE ? await tarPieces(checkpoint.id, files) : files.get(name);
  if (!pieces) {
    const names = [...files.keys()].join(", ");
    throw new DomainError(
      "not_found",
      `Cannot find ${
        JSON.stringify(name.slice(0, 60))
      }: laid out for ${layout}, ${checkpoint.id} has ${names}`,
    );
  }
  const pathOf = (file: string) => join(directory, checkpoint.id, file);
  return { bytes: bytesOf(pieces), sha256: keptHash(model, pieces) ?? await hash(pieces, pathOf), pieces };
}

/** The hash that is listed, and was found to be true, where the pieces are a kept file as it stands. */
function keptHash({ files }: KeptModel, [piece, ...more]: Piece[]): string | undefined {
  if (piece instanceof Uint8Array || more.length > 0) return undefined;
  return files.find(({ name, bytes }) => name === piece.file && piece.begin === 0 && piece.end === bytes)
    ?.sha256;
}

async function hash(pieces: Piece[], pathOf: (file: string) => string): Promise<string> {
  const sha256 = createHash("sha256");
  for await (const chunk of await streamPieces(pieces, pathOf)) sha256.update(chunk);
  return sha256.digest("hex");
}
