import { useEffect, useState } from "preact/hooks";
import { formatAgo, formatTime } from "./format.ts";

/** How long ago an instant was, kept true; the instant itself is its title. */
export function RelativeTime({ iso }: { iso: string | null | undefined }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 15_000);
    return () => clearInterval(timer);
  }, []);
  if (!iso) return <span>{formatAgo(iso)}</span>;
  return <time dateTime={iso} title={formatTime(iso)}>{formatAgo(iso, Math.max(now, Date.now()))}</time>;
}
