/** A copy of all that the server has acknowledged, as of one moment; a server that is started on it goes on from there. */
export interface Backup {
  id: string;
  object: "backup";
  /** Its directory under `DATA_DIR`. */
  path: string;
  datasets: number;
  checkpoints: number;
  /** Of all files, most of which share their place on the disk with those in use. */
  bytes: number;
  /** What the database lists and the disk does not have. */
  missing: string[];
  created_at: string;
}
