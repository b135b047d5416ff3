import { z } from "zod";
import type { Job } from "./job.ts";

/** What a file of a job may be called: never a path, and never a name that starts with a dot. */
export const JOB_FILE_NAME = /^[a-z0-9][a-z0-9_.-]{0,99}$/;

/** A file that a job has made: `result.files` lists them, once all are on disk. The hash is SHA-256 in hex. */
export const JobFile = z.object({ name: z.string(), bytes: z.int().min(0), sha256: z.string() });
export type JobFile = z.infer<typeof JobFile>;

const Files = z.array(JobFile);

/** The files that a job has made; none until it has succeeded, and of a job whose kind makes none. */
export function filesOf({ result }: Pick<Job, "result">): JobFile[] {
  return Files.safeParse(result?.files).data ?? [];
}

/** Files on disk that jobs have made. */
export interface ResultLibrary {
  /** Where a file lies that the job lists. */
  path(job: string, file: string): string;
  /** Removes what a job had begun to make; none there is no mistake. */
  discard(job: string): Promise<void>;
}
