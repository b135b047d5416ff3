import { Section } from "../../../parts/section.tsx";
import { FilesTable, type ListedFile } from "../files_table.tsx";

/** The files that a job has made. */
export function ResultFiles({ job, files }: { job: string; files: readonly ListedFile[] }) {
  if (files.length === 0) return null;
  return (
    <Section title="Files" flush>
      <FilesTable under={`/v1/jobs/${job}/files`} files={files} />
    </Section>
  );
}
