import { DomainError } from "../domain/errors.ts";

const HEAD_BYTES = 9;
/** What PyTorch's files begin with: a zip, or of old a pickle of protocol 2 to 5. */
const isZip = (head: Uint8Array) => head[0] === 0x50 && head[1] === 0x4b && head[2] <= 5 && head[3] <= 6;
const isPickle = (head: Uint8Array) => head[0] === 0x80 && head[1] >= 2 && head[1] <= 5;
/** A safetensors file's header begins here, whatever its length, which may look like a pickle, is. */
const isJson = (head: Uint8Array) => head[8] === 0x7b;

const CONVERSION = 'import torch; from safetensors.torch import save_file; s = torch.load("model.pt", ' +
  'map_location="cpu", weights_only=True); save_file({k: v.contiguous() for k, v in s.get("state_dict", s).items()}, ' +
  '"model.safetensors")';

/**
 * Passes a body on, unless it is one of PyTorch's own files (`.pt`, `.pth`, `.ckpt`, `.bin`, `.pkl`), by its first bytes.
 *
 * @throws {DomainError} `unsupported_media_type`, type `pickle`, saying how to convert it; the rest is not read then.
 */
export async function* refusePickles(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const head = new Uint8Array(HEAD_BYTES);
  let filled = 0;
  for await (const chunk of body) {
    if (filled < HEAD_BYTES) {
      const more = chunk.subarray(0, HEAD_BYTES - filled);
      head.set(more, filled);
      filled += more.length;
      if (filled === HEAD_BYTES) refusePickle(head);
    }
    yield chunk;
  }
  if (filled > 0 && filled < HEAD_BYTES) refusePickle(head);
}

function refusePickle(head: Uint8Array): void {
  if (isJson(head) || !(isZip(head) || isPickle(head))) return;
  throw new DomainError(
    "unsupported_media_type",
    "Cannot import the checkpoint: it must be a safetensors file, got one of PyTorch's own (.pt, .pth, .ckpt, .bin, .pkl), " +
      `which is a program that runs when it is read. Where you trust it, in Python: ${CONVERSION}`,
    { type: "pickle" },
  );
}
