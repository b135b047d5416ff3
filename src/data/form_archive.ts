import { MultipartParseError, MultipartParser, type MultipartPart } from "@remix-run/multipart-parser";
import { packTar } from "modern-tar";
import { DomainError } from "../domain/errors.ts";
import { ARCHIVE_LIMITS } from "./archive.ts";

/** A tar ends with two blocks of zeros. */
const TAR_END = 1024;
/** A form does not tell when its files were made; the same form makes the same archive. */
const MTIME = new Date(0);

const malformed = (reason: string): DomainError =>
  new DomainError("malformed", `Cannot read the form: ${reason}`);

/**
 * The files of a body of multipart/form-data as a tar, each under its file name, which is its path; fields without one are
 * passed over. It comes as it arrives: one file is held in memory at a time.
 *
 * @throws {DomainError} While it is read: `malformed` for what is no such form, or has no files; `too_large` for a file
 *   that is larger than an archive's may be, or for more files than an archive may have.
 */
export async function* formArchive(
  body: AsyncIterable<Uint8Array>,
  boundary: string,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const { entries: maxParts, entryBytes: maxFileSize } = ARCHIVE_LIMITS;
  const parser = new MultipartParser(boundary, { maxParts, maxFileSize, maxTotalSize: Infinity });
  let files = 0;
  for await (const chunk of body) {
    if (isThrough(parser)) continue; // what follows the last boundary means nothing
    const parts = parser.write(chunk);
    for (let part; (part = refusing(() => parts.next())), !part.done;) {
      const path = pathOf(part.value);
      if (!path) continue;
      files++;
      const { bytes } = part.value;
      const tar = await packTar([{ header: { name: path, size: bytes.length, mtime: MTIME }, body: bytes }]);
      yield tar.subarray(0, tar.length - TAR_END);
    }
  }
  if (!isThrough(parser)) throw malformed("it ends before its last boundary");
  if (files === 0) throw malformed("it has no files; each part's filename is its path");
  yield new Uint8Array(TAR_END);
}

function isThrough(parser: MultipartParser): boolean {
  try {
    parser.finish();
    return true;
  } catch {
    return false;
  }
}

function pathOf(part: MultipartPart): string | undefined {
  try {
    return part.filename || undefined;
  } catch { // its headers are no UTF-8
    throw malformed("a part's headers are not UTF-8");
  }
}

/** The parser's errors as ones that the caller can act on. */
function refusing<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof MultipartParseError)) throw error;
    const { entries, entryBytes } = ARCHIVE_LIMITS;
    switch (error.name) {
      case "MaxFileSizeExceededError":
        throw new DomainError(
          "too_large",
          `Cannot take the form: a file may have ${entryBytes} bytes at most`,
        );
      case "MaxPartsExceededError":
        throw new DomainError("too_large", `Cannot take the form: it may have ${entries} parts at most`);
      default:
        throw malformed(error.message);
    }
  }
}
