import { fromFileUrl } from "@std/path";
import { packTar, unpackTar } from "modern-tar";
import { encodePng } from "../../src/data/encode_png.ts";
import { RandomStream } from "../../src/domain/philox.ts";

const SHARED = fromFileUrl(new URL("../../../shared/data/cifar10-mini.tar", import.meta.url));
const PX = 32, TRAIN = 48, TEST = 8;

/** A tar of real photographs where they are at hand, of stand-ins where they are not; `source` says which. */
export async function photographs(): Promise<{ tar: Uint8Array<ArrayBuffer>; source: string }> {
  try {
    return { tar: await Deno.readFile(SHARED), source: "CIFAR-10's photographs" };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return { tar: await standIns(), source: "generated stand-ins, since no photographs are here" };
  }
}

/** So many of two classes' photographs in each split, as a small tar, and one of them. */
export async function fewPhotographs(
  aClass: Record<"train" | "test", number>,
): Promise<{ tar: Uint8Array<ArrayBuffer>; photo: Uint8Array<ArrayBuffer> }> {
  const seen = new Map<string, number>(), classes = new Set<string>();
  const all = await unpackTar((await photographs()).tar, {
    filter({ name }) {
      const [split, label, file] = name.split("/"), group = `${split}/${label}`, count = seen.get(group) ?? 0;
      if (classes.size < 2) classes.add(label);
      if (!file || !classes.has(label) || count >= aClass[split as "train" | "test"]) return false;
      seen.set(group, count + 1);
      return true;
    },
  });
  const entries = all.map(({ header: { name }, data }) => ({
    ...{ header: { name, size: data!.length }, body: data as Uint8Array<ArrayBuffer> },
  }));
  return { tar: await packTar(entries), photo: entries[0].body };
}

/** Two classes of drawn pictures, discs and stripes in random colours, as ImageFolder PNGs. */
export async function standIns(): Promise<Uint8Array<ArrayBuffer>> {
  const entries = [];
  for (const [split, count] of [["train", TRAIN], ["test", TEST]] as const) {
    for (const [label, shape] of ["disc", "stripes"].entries()) {
      for (let i = 0; i < count; i++) {
        const body = await encodePng({
          width: PX,
          height: PX,
          pixels: draw(label, i + (split === "test" ? 1000 : 0)),
        });
        entries.push({ header: { name: `${split}/${shape}/${i}.png`, size: body.length }, body });
      }
    }
  }
  return await packTar(entries);
}

function draw(label: number, seed: number): Uint8Array {
  const random = new RandomStream(seed, 97, label), pixels = new Uint8Array(PX * PX * 3);
  const [front, back] = [0, 1].map(() => [0, 1, 2].map(() => random.below(256)));
  const [cx, cy, size] = [random.uniform(10, 22), random.uniform(10, 22), random.uniform(4, 10)];
  for (let i = 0; i < PX * PX; i++) {
    const x = i % PX, y = Math.floor(i / PX);
    const inside = label === 0 ? Math.hypot(x - cx, y - cy) < size : (x + y + cx) % size < size / 2;
    pixels.set((inside ? front : back).map((v) => Math.min(255, v + random.below(20))), 3 * i);
  }
  return pixels;
}

const LARGE = fromFileUrl(new URL("../../../shared/data/imagenette-224-mini.tar", import.meta.url));

/** JPEGs of real photographs, as published, of each class in turn; undefined where there are none here. */
export async function largePhotographs(count: number): Promise<Uint8Array<ArrayBuffer>[] | undefined> {
  let tar: Uint8Array<ArrayBuffer>;
  try {
    tar = await Deno.readFile(LARGE);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const seen = new Map<string, number>(), each = Math.ceil(count / 10);
  const entries = await unpackTar(tar, {
    filter({ name }) { // the others' bytes are not copied
      const [split, label, file] = name.split("/"), before = seen.get(label) ?? 0;
      if (split !== "train" || !file || before >= each) return false;
      seen.set(label, before + 1);
      return true;
    },
  });
  const labelOf = ({ header: { name } }: { header: { name: string } }) => name.split("/")[1];
  const classes = Object.values(Object.groupBy(entries, labelOf));
  const turns = Array.from({ length: each }, (_, n) => classes.flatMap((photos) => photos?.[n]?.data ?? []));
  return turns.flat().slice(0, count) as Uint8Array<ArrayBuffer>[];
}
