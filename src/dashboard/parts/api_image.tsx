import { useEffect, useState } from "preact/hooks";
import { authorization, usesKey } from "../live/session.ts";

/** Images that are fetched by key at once; the rest wait their turn, those that have left the page do not come at all. */
const AT_ONCE = 6;
let busy = 0;
const queue: (() => void)[] = [];

async function fetchImage(src: string, signal: AbortSignal): Promise<string> {
  if (busy >= AT_ONCE) await new Promise<void>((resolve) => queue.push(resolve));
  busy++;
  try {
    signal.throwIfAborted();
    const response = await fetch(src, { headers: authorization(), signal });
    if (!response.ok) throw new Error(`${src}: ${response.status}`);
    return URL.createObjectURL(await response.blob());
  } finally {
    busy--;
    queue.shift()?.();
  }
}

/**
 * An image of the API. Where a key is in use the browser cannot fetch it by itself, since an `<img>` sends no header.
 *
 * @param src Its path, such as `/v1/datasets/ds_…/items/3/image?px=96`.
 * @param size Its box's side in px, kept free while it comes; else CSS says.
 */
export function ApiImage({ src, alt, size, class: extra = "" }: {
  src: string;
  alt: string;
  size?: number;
  class?: string;
}) {
  const keyed = usesKey(),
    [url, setUrl] = useState(keyed ? undefined : src),
    [broken, setBroken] = useState(false);
  useEffect(() => {
    setBroken(false);
    if (!keyed) return setUrl(src);
    const stop = new AbortController();
    let made: string | undefined;
    setUrl(undefined);
    fetchImage(src, stop.signal).then((fetched) => {
      made = fetched;
      if (stop.signal.aborted) URL.revokeObjectURL(fetched);
      else setUrl(fetched);
    }, () => stop.signal.aborted || setBroken(true));
    return () => {
      stop.abort();
      if (made) URL.revokeObjectURL(made);
    };
  }, [src, keyed]);
  const box = `api-image ${extra}`, side = size === undefined ? undefined : { width: size, height: size };
  if (broken) {
    return (
      <span class={`${box} api-image-broken`} style={side} role="img" aria-label={`${alt}: not there`}>
        ?
      </span>
    );
  }
  if (!url) return <span class={`${box} api-image-coming`} style={side} />;
  return (
    <img
      {...{ class: box, src: url, alt, width: size, height: size, loading: "lazy", decoding: "async" }}
      onError={() => setBroken(true)}
    />
  );
}
