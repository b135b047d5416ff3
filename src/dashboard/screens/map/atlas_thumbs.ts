import { Refused } from "../../../client/client.ts";
import { authorization, calls, dataOf } from "../../live/session.ts";

/** A thumbnail in an atlas: what to draw, and from where. */
export interface Thumb {
  bitmap: ImageBitmap;
  x: number;
  y: number;
  px: number;
}

const PX = 64;
/** Atlases that are kept decoded, 16 MiB each; others come again from the browser's cache. */
const KEPT = 6;

/** A dataset's thumbnails by the atlases that the server builds: one request for a thousand of them. */
export class AtlasThumbs {
  #layout?: Promise<{ columns: number; per_atlas: number; px: number }>;
  /** The last used is the last. */
  readonly #atlases = new Map<number, Promise<ImageBitmap>>();

  constructor(readonly dataset: string, readonly fingerprint: string) {}

  /** @throws {Refused} If the dataset has changed, or gone. */
  async thumb(n: number): Promise<Thumb> {
    this.#layout ??= dataOf(
      calls().GET("/v1/datasets/{id}/atlases", {
        params: { path: { id: this.dataset }, query: { px: PX } },
      }),
    );
    const { columns, per_atlas, px } = await this.#layout, place = n % per_atlas;
    const bitmap = await this.#atlas(Math.floor(n / per_atlas));
    return { bitmap, px, x: px * (place % columns), y: px * Math.floor(place / columns) };
  }

  #atlas(n: number): Promise<ImageBitmap> {
    const kept = this.#atlases.get(n) ?? this.#fetch(n);
    this.#atlases.delete(n);
    this.#atlases.set(n, kept);
    kept.catch(() => this.#atlases.delete(n)); // the next one tries again
    for (const [old, atlas] of this.#atlases) {
      if (this.#atlases.size <= KEPT) break;
      this.#atlases.delete(old);
      atlas.then((bitmap) => setTimeout(() => bitmap.close(), 1000), () => {}); // whoever has it draws at once
    }
    return kept;
  }

  async #fetch(n: number): Promise<ImageBitmap> {
    const query = new URLSearchParams({ px: `${PX}`, fingerprint: this.fingerprint });
    const response = await fetch(`/v1/datasets/${this.dataset}/atlases/${n}?${query}`, {
      headers: authorization(),
    });
    if (!response.ok) throw await Refused.of(response);
    return await createImageBitmap(await response.blob());
  }
}
