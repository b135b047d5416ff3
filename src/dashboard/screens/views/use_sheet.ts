import { useEffect, useState } from "preact/hooks";
import { Refused } from "../../../client/client.ts";
import { authorization } from "../../live/session.ts";

/** Which views are wanted. */
export interface SheetWanted {
  dataset: string;
  item: number;
  seed: number;
  pairs: number;
  /** A view's side; the server's choice where it is left out. */
  px?: number;
  /** A name, or both views in full; the server's choice where it is left out. */
  augmentation?: unknown;
}
export interface Sheet {
  /** The picture: pairs below one another, `gap` white pixels between all. */
  url: string;
  px: number;
  pairs: number;
  wanted: SheetWanted;
}
/** White pixels between views, as the API has it. */
export const GAP = 4;
/** How long a setting has to stay before views by it are asked for. */
const STAYS_MS = 250;
/** The worker that makes views may still be starting. */
const AGAIN_MS = 2000;

/** The path of views, such as an `<img>` could have, or curl. */
export function sheetPath({ dataset, item, seed, pairs, px, augmentation }: SheetWanted): string {
  const query = new URLSearchParams({ item: String(item), seed: String(seed), pairs: String(pairs) });
  if (px !== undefined) query.set("px", String(px));
  if (typeof augmentation === "string") query.set("preset", augmentation);
  else if (augmentation !== undefined) query.set("augmentation", JSON.stringify(augmentation));
  return `/v1/datasets/${dataset}/views?${query}`;
}

/** Views, fetched anew when what is wanted has changed; the old ones stay until then. @param wanted Undefined asks nothing. */
export function useSheet(wanted: SheetWanted | undefined): { sheet?: Sheet; error?: Error; busy: boolean } {
  const path = wanted && sheetPath(wanted);
  const [state, setState] = useState<{ path?: string; sheet?: Sheet; error?: Error }>({});
  useEffect(() => {
    if (!wanted || !path) return;
    const stop = new AbortController();
    let timer = setTimeout(ask, STAYS_MS);
    async function ask() {
      try {
        const response = await fetch(path!, { headers: authorization(), signal: stop.signal });
        if (!response.ok) throw await Refused.of(response);
        const blob = await response.blob(), bitmap = await createImageBitmap(blob);
        const px = (bitmap.width - GAP) / 2, url = URL.createObjectURL(blob);
        bitmap.close();
        if (stop.signal.aborted) return URL.revokeObjectURL(url);
        setState({ path, sheet: { url, px, pairs: wanted!.pairs, wanted: wanted! } });
      } catch (error) {
        if (stop.signal.aborted) return;
        if (error instanceof Refused && error.response.status === 503) timer = setTimeout(ask, AGAIN_MS);
        setState(({ sheet }) => ({ path, sheet, error: error as Error }));
      }
    }
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [path]);
  const url = state.sheet?.url;
  useEffect(() => () => void (url && URL.revokeObjectURL(url)), [url]);
  return {
    sheet: wanted && state.sheet,
    error: state.path === path ? state.error : undefined,
    busy: path !== undefined && state.path !== path,
  };
}
