/** A thread of the decoder pool: bytes in; an image, or why there is none, out. */
import { toFailure } from "../domain/errors.ts";
import { decodeImage } from "./decode.ts";
import type { DecodeAnswer, DecodeRequest } from "./decoder_pool.ts";
import { capShortSide } from "./short_side.ts";

const thread = self as unknown as {
  onmessage: (event: MessageEvent<DecodeRequest>) => void;
  postMessage(message: DecodeAnswer, transfer: Transferable[]): void;
};

thread.onmessage = async ({ data: { id, bytes, shortSide, kind } }) => {
  try {
    const image = capShortSide(await decodeImage(bytes, kind), shortSide);
    thread.postMessage({ id, image }, [image.pixels.buffer as ArrayBuffer]);
  } catch (error) {
    thread.postMessage({ id, failure: toFailure(error, "Cannot decode images") }, []);
  }
};
