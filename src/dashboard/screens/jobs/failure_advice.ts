/** What can be done about a job that failed, by its error's code. */
const ADVICE: Record<string, string> = {
  diverged:
    "Figures ran to infinity. Lower optimizer.base_lr, or warm up for longer; the message names the last good checkpoint, with which init goes on.",
  collapsed:
    "All images came to be embedded alike. Raise tau, lower optimizer.base_lr, use stronger augmentation or a larger batch; or let it go on with on_collapse: warn.",
  does_not_fit:
    "It needs more memory than the GPU has. Lower batch, px or micro_batch, or choose a smaller arch.",
  gpu_out_of_memory:
    "The GPU ran out of memory. Lower batch, px or micro_batch, or have whatever else uses that GPU stopped.",
  gpu_lost:
    "The GPU was lost again and again. System shows its state, and the server's log what the driver said.",
  attempts_exhausted:
    "Its worker died each time that it was tried. The log below says of what; lack of memory is the usual reason.",
  dataset_changed:
    "The dataset's files are not what was ingested. Upload it anew, and start the job on that.",
  not_resumable: "Its checkpoint cannot be gone on from. Start it anew, or from a checkpoint by init.",
  checkpoint_damaged: "A checkpoint's files are not what was written. Choose another, or restore a backup.",
  bank_too_large: "The split whose images vote is too large for the GPU. Choose a smaller bank_split.",
  embeddings_not_finite:
    "The checkpoint's embeddings are not numbers: it has diverged. Choose an earlier one.",
  disk_full:
    "The server's disk is full. Delete checkpoints or datasets that nobody needs, and start the job anew.",
  storage_full: "The server's disk is full. Free room on it: the job goes on by itself.",
  not_found: "What it needs has been deleted meanwhile. Choose a checkpoint or a dataset that is there.",
  invalid: "Something of its config does not suit its dataset. Change that, and start it anew.",
  conflict: "What it needs is not as it has to be. See the message and the log below.",
  internal:
    "A fault of the server, which its log describes under the job's id. Starting the job anew may pass it.",
};

/** What to do, in words. @param code Of the job's error. */
export const adviceFor = (code: string): string =>
  ADVICE[code] ?? "The log below has what led to it. Change what it names, and start the job anew.";
