import { getRequestListener, RequestError } from "@hono/node-server";
import { createServer, type ServerResponse, STATUS_CODES } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { log } from "../log/log.ts";
import type { Admission } from "./admission.ts";
import { PROBLEM_TYPE, problemBody } from "./problem.ts";

/** As a browser's cookies and a dozen proxies need; more of either is a 431. */
const MAX_HEADER_BYTES = 16 * 1024, MAX_HEADERS = 100;
/** Longer than the 60 s of most proxies, so that it is they who close a connection on which they might still send. */
const KEEP_ALIVE_MS = 65_000;
/** What comes beyond them is closed at once. */
const MAX_CONNECTIONS = 10_000;
/** How often connections without headers are looked for. */
const CHECK_MS = 500;
/** How often, while it ends, connections are looked for that have had their answer. */
const SWEEP_MS = 50;

/** A server that listens. */
export interface Listening {
  /** Where, as a client writes it. */
  readonly url: string;
  /** Bytes that came over its connections so far, headers included. */
  bytesReceived(): number;
  /** Takes no more requests; resolves when those under way have ended, or after `drainMs`, whichever is first. */
  close(drainMs: number): Promise<void>;
}

/**
 * Serves HTTP/1.1 by Node's server, and not Deno's own, which takes a chunked body from the network faster than it hands
 * it on, and moves all that it holds with every piece (decision 0012).
 *
 * @param options.port 0 for a free one.
 * @param options.headersMs What a client may take for a request's headers. A body may take any time, as long as it comes
 *   (`watchBodies`): Node's own limit of 300 s for a whole request would end large uploads.
 * @param options.admission How many requests may be under way; by itself any number.
 * @throws {Error} If the address cannot be listened at.
 */
export async function listen(
  fetch: (request: Request, env: object) => Response | Promise<Response>,
  { hostname, port, headersMs, maxConnections = MAX_CONNECTIONS, admission }: {
    hostname: string;
    port: number;
    headersMs: number;
    maxConnections?: number;
    admission?: Admission;
  },
): Promise<Listening> {
  const counted = admission?.counting(fetch) ?? fetch;
  const answerOne = getRequestListener((request, env) => {
    if (env.incoming.rawHeaders.length <= 2 * MAX_HEADERS) return counted(request, env);
    return bareProblem(431, `it may have ${MAX_HEADERS} headers`);
  }, { overrideGlobalObjects: false, errorHandler: toBareProblem });
  const server = createServer(
    {
      ...{ headersTimeout: headersMs, requestTimeout: 0, connectionsCheckingInterval: CHECK_MS },
      ...{ keepAliveTimeout: KEEP_ALIVE_MS, maxHeaderSize: MAX_HEADER_BYTES },
    },
    admission?.guarding(answerOne) ?? answerOne,
  );
  server.maxConnections = maxConnections;
  server.on("clientError", refuse);
  const open = new Set<Socket>();
  let received = 0; // by connections that are closed
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => {
      open.delete(socket);
      received += socket.bytesRead;
    }).prependListener("end", () => refuseCutOff(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, hostname, resolve);
  });
  const { address, port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${address.includes(":") ? `[${address}]` : address}:${taken}`,
    bytesReceived: () => [...open].reduce((sum, { bytesRead }) => sum + bytesRead, received),
    async close(drainMs) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<void>((resolve) => timer = setTimeout(resolve, drainMs));
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // Node's own way leaves those that have asked nothing yet, and those whose answer ends from here on.
      const closeIdle = () => {
        for (const socket of open) if (!owedBy(socket) && socket.writableLength === 0) socket.destroy();
      };
      closeIdle();
      const sweep = setInterval(closeIdle, SWEEP_MS);
      await Promise.race([closed, late]);
      clearInterval(sweep);
      clearTimeout(timer);
    },
  };
}

/** What is answered where no route could: the request's target or Host is wrong, or it is our fault. */
function toBareProblem(error: unknown): Response {
  if (error instanceof RequestError) return bareProblem(400, error.message);
  log.error("Cannot answer a request", error);
  return bareProblem(500, "of a fault of the server, which its log describes");
}

const CODES: Record<number, string> = { 400: "malformed", 408: "timeout", 431: "too_large", 500: "internal" };
const bareBody = (status: number, reason: string) =>
  problemBody(status, `Cannot read the request: ${reason}`, { code: CODES[status] });
const bareHeaders = () => ({ "Content-Type": PROBLEM_TYPE, "X-Request-Id": crypto.randomUUID() });
const bareProblem = (status: number, reason: string): Response =>
  new Response(bareBody(status, reason), { status, headers: { ...bareHeaders(), Connection: "close" } });

/** The answer that a connection owes: Node's, which has no public way to it. */
const owedBy = (socket: Duplex): ServerResponse | undefined =>
  (socket as { _httpMessage?: ServerResponse })._httpMessage;

/**
 * Answers what is no request, or was none in time, and ends its connection: where the next would begin nobody knows. A
 * request before it whose answer is still to come ends as if its client had gone.
 */
function refuse({ code }: Error & { code?: string }, socket: Duplex): void {
  if (code === "HPE_HEADER_OVERFLOW") {
    answer(socket, 431, `its headers may have ${MAX_HEADER_BYTES} bytes`);
  } else if (code === "ERR_HTTP_REQUEST_TIMEOUT") {
    answer(socket, 408, "its headers did not come in time (BODY_IDLE_SECONDS)");
  } else if (code !== "ECONNRESET") answer(socket, 400, "it is not HTTP/1.1, or what follows it is not");
  socket.destroy();
}

/** Answers a client that has ended its side within a body: shorter than its Content-Length, or without its last chunk. */
function refuseCutOff(socket: Duplex): void {
  if (owedBy(socket)?.req.complete === false) answer(socket, 400, "its body broke off");
}

/** Writes a bare answer; nothing where one is being written, for it would be taken for a part of that. */
function answer(socket: Duplex, status: number, reason: string): void {
  if (!socket.writable || owedBy(socket)?.headersSent) return;
  const body = bareBody(status, reason), length = new TextEncoder().encode(body).length;
  const headers = { ...bareHeaders(), "Content-Length": String(length), Connection: "close" };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines}\r\n${body}`);
}
