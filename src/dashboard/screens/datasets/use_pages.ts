import { useEffect, useRef, useState } from "preact/hooks";

export interface Pages<Row, Rest> {
  rows: Row[];
  /** What the first page has besides its rows. */
  rest?: Rest;
  more: boolean;
  loading: boolean;
  error?: Error;
  /** Fetches the next page, unless it is on its way or there is none. */
  next(): void;
}

/**
 * A list that is fetched page by page, as far as somebody scrolls.
 *
 * @param key Everything that it depends on; another one begins anew.
 * @param fetchPage Gets how many rows are there, and the last of them.
 */
export function usePages<Row, Rest = unknown>(
  key: string,
  fetchPage: (count: number, signal: AbortSignal) => Promise<{ data: Row[]; has_more: boolean } & Rest>,
): Pages<Row, Rest> {
  const [state, setState] = useState<
    { key: string; rows: Row[]; rest?: Rest; more: boolean; error?: Error }
  >();
  const own = useRef<AbortController>(), busy = useRef(false);
  const here = state?.key === key ? state : undefined;
  const fetchNext = async () => {
    if (busy.current) return;
    busy.current = true;
    const { signal } = own.current!, rows = here?.rows ?? [];
    try {
      const page = await fetchPage(rows.length, signal);
      if (signal.aborted) return;
      setState({ key, rows: [...rows, ...page.data], rest: here?.rest ?? page, more: page.has_more });
    } catch (error) {
      if (!signal.aborted) setState({ key, rows, rest: here?.rest, more: true, error: error as Error });
    } finally {
      if (!signal.aborted) busy.current = false;
    }
  };
  useEffect(() => {
    const made = own.current = new AbortController();
    busy.current = false;
    void fetchNext();
    return () => made.abort();
  }, [key]);
  return {
    rows: here?.rows ?? [],
    rest: here?.rest,
    more: here?.more ?? true,
    loading: !here,
    error: here?.error,
    next: () => void (here?.more && fetchNext()),
  };
}
