import { formatBytes } from "../../../parts/format.ts";
import { Section } from "../../../parts/section.tsx";
import { Table } from "../../../parts/table.tsx";
import { DownloadButton } from "../download_button.tsx";

interface JobFile {
  name: string;
  bytes: number;
  sha256: string;
}

/** The files that a job has made. */
export function ResultFiles({ job, files }: { job: string; files: readonly JobFile[] }) {
  if (files.length === 0) return null;
  return (
    <Section title="Files" flush>
      <Table
        caption="Files"
        columns={[
          { id: "name", head: "Name", main: true, cell: ({ name }) => <code>{name}</code> },
          { id: "bytes", head: "Size", figures: true, cell: ({ bytes }) => formatBytes(bytes) },
          {
            id: "hash",
            head: "SHA-256",
            minor: true,
            cell: ({ sha256 }) => <code title={sha256}>{sha256.slice(0, 12)}…</code>,
          },
          {
            id: "get",
            head: <span class="unseen">Download</span>,
            figures: true,
            cell: ({ name }) => (
              <DownloadButton path={`/v1/jobs/${job}/files/${encodeURIComponent(name)}`} name={name}>
                Download
              </DownloadButton>
            ),
          },
        ]}
        rows={files}
        keyOf={({ name }) => name}
      />
    </Section>
  );
}
