/** DatasetOverviews' thread: a dataset's directory in; columns, an atlas, or why there is none, out. */
import type { DatasetColumns } from "../domain/atlas.ts";
import { ATLAS_COLUMNS, ATLAS_IMAGES } from "../domain/atlas.ts";
import { DomainError, toFailure } from "../domain/errors.ts";
import { DatasetReader } from "./dataset_reader.ts";
import type { OverviewAnswer, OverviewRequest } from "./dataset_overviews.ts";
import { encodeWebp } from "./encode_webp.ts";
import { drawThumbnail } from "./thumbnail.ts";

const thread = self as unknown as {
  onmessage: (event: MessageEvent<OverviewRequest>) => void;
  postMessage(message: OverviewAnswer, transfer: Transferable[]): void;
};

thread.onmessage = async ({ data: { directory, fingerprint, atlas } }) => {
  try {
    const reader = open(directory, fingerprint);
    try {
      if (atlas) {
        const bytes = await drawAtlas(reader, atlas.n, atlas.px);
        thread.postMessage({ atlas: bytes }, [bytes.buffer]);
      } else {
        const columns = columnsOf(reader);
        thread.postMessage({ columns }, [columns.split.buffer, columns.class.buffer]);
      }
    } finally {
      reader.close();
    }
  } catch (error) {
    thread.postMessage({ failure: toFailure(error, "Cannot look through a dataset") }, []);
  }
};

function open(directory: string, fingerprint: string): DatasetReader {
  let reader: DatasetReader | undefined;
  try {
    reader = DatasetReader.open(directory);
    if (reader.manifest.summary.fingerprint === fingerprint) return reader;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  reader?.close();
  throw new DomainError("conflict", "Cannot look through the dataset: it has changed meanwhile; try again", {
    type: "dataset_changed",
  });
}

function columnsOf(reader: DatasetReader): DatasetColumns {
  const { length, splits, classes } = reader, split = new Uint8Array(length);
  for (const [s, name] of splits.entries()) for (const n of reader.items(name)) split[n] = s;
  const labels = classes.length <= 2 ** 15 ? new Int16Array(length) : new Int32Array(length);
  for (let n = 0; n < length; n++) labels[n] = reader.classOf(n);
  return { splits, classes, split, class: labels };
}

async function drawAtlas(reader: DatasetReader, n: number, px: number): Promise<Uint8Array<ArrayBuffer>> {
  const first = n * ATLAS_IMAGES, count = Math.min(ATLAS_IMAGES, reader.length - first);
  const width = ATLAS_COLUMNS * px, height = ATLAS_IMAGES / ATLAS_COLUMNS * px;
  const target = new Uint8ClampedArray(4 * width * height);
  for (let at = 3; at < target.length; at += 4) target[at] = 255;
  for (let i = 0; i < count; i++) {
    const left = i % ATLAS_COLUMNS * px, top = Math.floor(i / ATLAS_COLUMNS) * px;
    drawThumbnail(reader.image(first + i), px, target, { width, left, top });
  }
  return await encodeWebp(target, width, height);
}
