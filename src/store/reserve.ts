/** A move of a job writes a dozen pages of 4 KiB. */
const RESERVE_BYTES = 256 * 2 ** 10;

/**
 * Room on the disk that is held by a file, for the little that must be written when there is none left: that a job was
 * paused, or has ended. Nothing of the sort helps against a disk that fails.
 */
export class Reserve {
  #held = false;
  constructor(readonly path: string) {}

  /** Takes the room, unless it is held. A disk that has not got it is no mistake: the next call tries again. */
  hold(): void {
    if (this.#held) return;
    try {
      // Of random bytes, since some file systems store runs of zeros as nothing.
      const bytes = new Uint8Array(RESERVE_BYTES);
      for (let at = 0; at < RESERVE_BYTES; at += 65536) {
        crypto.getRandomValues(bytes.subarray(at, at + 65536));
      }
      using file = Deno.openSync(this.path, { write: true, create: true, truncate: true });
      for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
      file.syncSync();
      this.#held = true;
    } catch {
      this.#remove();
    }
  }

  /** Gives the room up. @returns Whether there was any. */
  release(): boolean {
    const held = this.#held;
    this.#held = false;
    return held && this.#remove();
  }

  #remove(): boolean {
    try {
      Deno.removeSync(this.path);
      return true;
    } catch { // it is not there, or the disk takes nothing at all
      return false;
    }
  }
}
