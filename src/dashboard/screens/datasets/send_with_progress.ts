const TYPES: [RegExp, string][] = [
  [/\.(tar\.gz|tgz)$/i, "application/gzip"],
  [/\.zip$/i, "application/zip"],
  [/\.parquet$/i, "application/vnd.apache.parquet"],
];

/** The media type that the API has for an archive: browsers do not know them all. */
export const mediaTypeOf = (name: string, given: string): string =>
  given === "application/x-tar"
    ? given
    : TYPES.find(([ending]) => ending.test(name))?.[1] ?? "application/x-tar";

/**
 * Sends bytes, and tells how far they have come, which `fetch` does not.
 *
 * @throws {Error} With the refusal's own words; or if the connection breaks off. What `signal` is aborted with.
 */
export function sendWithProgress(
  path: string,
  body: Blob,
  { headers, signal, onProgress }: {
    headers: Record<string, string>;
    signal: AbortSignal;
    onProgress: (sent: number) => void;
  },
): Promise<void> {
  if (signal.aborted) return Promise.reject(signal.reason); // it would tell of that no more
  const { promise, resolve, reject } = Promise.withResolvers<void>(), request = new XMLHttpRequest();
  request.open("POST", path);
  for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
  request.upload.onprogress = ({ loaded }) => onProgress(loaded);
  request.onload = () => {
    if (request.status < 300) return resolve();
    let said: string | undefined;
    try {
      said = JSON.parse(request.responseText).detail;
    } catch {
      // not of the server's own
    }
    reject(new Error(said ?? `It was refused: ${request.status}`));
  };
  request.onerror = () => reject(new Error("The connection broke off before all of it was there: try again"));
  request.onabort = () => reject(signal.reason);
  signal.addEventListener("abort", () => request.abort(), { once: true });
  request.send(body);
  return promise;
}
