/** The thread of a BackgroundWriter: a checkpoint's contents in; its files, or why there are none, out. */
import { toFailure } from "../domain/errors.ts";
import type { WriteAnswer, WriteRequest } from "./background_writer.ts";
import { writeCheckpoint } from "./checkpoint_writer.ts";

const thread = self as unknown as {
  onmessage: (event: MessageEvent<WriteRequest>) => void;
  postMessage(message: WriteAnswer): void;
};

thread.onmessage = async ({ data: { directory, id, contents } }) => {
  try {
    thread.postMessage({ files: await writeCheckpoint(directory, id, contents) });
  } catch (error) {
    thread.postMessage({ failure: toFailure(error, `Cannot write ${id}`) });
  }
};
