import type { Schemas } from "../../../client/client.ts";
import { reportLost } from "../../live/connection.ts";
import { authorization } from "../../live/session.ts";

type Problem = Pick<Schemas["Problem"], "detail" | "type" | "errors">;
/** Where the server's advice ends and the program that it advises begins. */
const PROGRAM = /^(.*?)\s*Where you trust it, in Python: (.*)$/s;

/** A safetensors file's header, which is JSON, begins with the last of these. */
const HEAD_BYTES = 9;

/** The server's refusal of a file. */
export class ImportRefused extends Error {
  override name = "ImportRefused";
  readonly isPickle: boolean;
  /** What is wrong with it, without the program. */
  readonly reason: string;
  /** The program that makes a safetensors file of it, where it is one of PyTorch's own. */
  readonly conversion?: string;
  /** Mistakes that belong to no field of the form. */
  readonly details: string[];

  /** @param file What it is called, to name it in the program. */
  constructor(readonly problem: Problem, file: string) {
    super(problem.detail);
    const [, reason, program] = problem.detail.match(PROGRAM) ?? [];
    this.isPickle = program !== undefined;
    this.reason = reason ?? problem.detail;
    this.conversion = program?.split("; ").join("\n").replace('"model.pt"', () => JSON.stringify(file));
    this.details = (problem.errors ?? []).filter(({ pointer }) => !pointer?.startsWith("#/query/"))
      .map(({ pointer, detail }) => pointer ? `${pointer}: ${detail}` : detail);
  }
  /** What is wrong with a field of the query. */
  of(name: string): string | undefined {
    return this.problem.errors?.find(({ pointer }) => pointer === `#/query/${name}`)?.detail;
  }
}

/**
 * Sends a checkpoint's file. By XMLHttpRequest, for `fetch` does not tell how much of a body has been sent.
 *
 * @param query What is empty or undefined is left out. @param onSent Told the bytes that are under way.
 * @throws {ImportRefused} @throws {TypeError} If the server is gone. @throws What `signal` was aborted with.
 */
export async function sendCheckpoint(
  file: File,
  query: Record<string, string | undefined>,
  onSent: (bytes: number) => void,
  signal: AbortSignal,
): Promise<Schemas["Checkpoint"]> {
  const given = Object.entries(query).filter((pair): pair is [string, string] => !!pair[1]?.trim());
  const text = new URLSearchParams(given).toString();
  // The server refuses what is none by its first bytes: nobody is to wait until all of it is sent for that.
  const looksGood = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer())[HEAD_BYTES - 1] === 0x7b;
  return await new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/v1/checkpoints${text && `?${text}`}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    for (const [name, value] of Object.entries(authorization())) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded }) => onSent(loaded);
    request.onload = () => {
      const body = read(request.responseText);
      if (request.status === 201) resolve(body as Schemas["Checkpoint"]);
      else {reject(
          new ImportRefused(
            { detail: `The server answered ${request.status}`, ...body as object } as Problem,
            file.name,
          ),
        );}
    };
    request.onerror = () => {
      reportLost();
      reject(new TypeError("The connection broke off while the file was sent: send it again"));
    };
    signal.addEventListener("abort", () => {
      request.abort();
      reject(signal.reason);
    }, { once: true });
    request.send(looksGood ? file : file.slice(0, 1024));
  });
}

function read(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
