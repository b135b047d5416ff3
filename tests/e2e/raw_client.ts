/** What a client that is no good one gets. */
export interface RawAnswer {
  /** 0 where nothing was answered. */
  status: number;
  headers: Headers;
  body: string;
  /** Whether the server ended the connection. */
  ended: boolean;
}

/** Sends bytes as they are: `part`s with pauses (milliseconds) between them, and `"end"` to end our side of the connection. */
export async function sendRaw(
  url: string,
  parts: Iterable<string | Uint8Array | number | "end">,
  waitMs = 10_000,
): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const connection = await Deno.connect({ hostname, port: Number(port) });
  let text = "", ended = false;
  const decoder = new TextDecoder();
  const reading = (async () => {
    try {
      for await (const chunk of connection.readable) text += decoder.decode(chunk, { stream: true });
    } catch { /* it was reset */ }
    ended = true;
  })();
  try {
    for (const part of parts) {
      if (ended) break;
      if (typeof part === "number") await Promise.race([reading, pause(part)]);
      else if (part === "end") await connection.closeWrite();
      else await writeAll(connection, typeof part === "string" ? new TextEncoder().encode(part) : part);
    }
  } catch { /* the server takes no more */ }
  await Promise.race([reading, pause(waitMs)]);
  const closed = ended;
  if (!ended) connection.close();
  await reading;
  const [head, ...rest] = text.split("\r\n\r\n"), [line, ...fields] = head.split("\r\n");
  const headers = new Headers(fields.map((field): [string, string] => {
    const [name, ...value] = field.split(":");
    return [name, value.join(":").trim()];
  }));
  return { status: Number(line.split(" ")[1] ?? 0), headers, body: rest.join("\r\n\r\n"), ended: closed };
}

const pause = (ms: number) =>
  new Promise<void>((resolve) => {
    Deno.unrefTimer(setTimeout(resolve, ms));
  });

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

/** A request's head. */
export const head = (line: string, headers: Record<string, string | number> = {}): string =>
  [
    `${line} HTTP/1.1`,
    "Host: localhost",
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ]
    .join("\r\n") + "\r\n\r\n";
