/** A WebAssembly memory never shrinks: a decoder that has seen an image this large is not kept. */
const KEEP_BELOW_PIXELS = 4_000_000;

/** That a decoder cannot be loaded is a fault of this installation, and must not pass for one of the image. */
export class DecoderMissing extends Error {
  override name = "DecoderMissing";
}

/** A decoder in WebAssembly, made when it is first needed, and anew after an image that left it unfit. */
export class WasmDecoder<T> {
  #instance: T | undefined;

  constructor(readonly make: () => Promise<T>) {}

  /**
   * @param pixels Of the image to be decoded.
   * @throws {DecoderMissing} If it cannot be loaded; what `work` throws.
   */
  async use<R>(pixels: number, work: (decoder: T) => R | Promise<R>): Promise<R> {
    const decoder = this.#instance ?? await this.#load();
    this.#instance = undefined; // whatever state a failure leaves in it
    const result = await work(decoder);
    if (pixels <= KEEP_BELOW_PIXELS) this.#instance = decoder;
    return result;
  }

  async #load(): Promise<T> {
    try {
      return await this.make();
    } catch (cause) {
      throw new DecoderMissing(`its decoder cannot be loaded: ${(cause as Error).message}`, { cause });
    }
  }
}
