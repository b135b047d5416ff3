import { DownloadButton } from "../../parts/download_button.tsx";
import { formatBytes } from "../../parts/format.ts";
import { Table } from "../../parts/table.tsx";

export interface ListedFile {
  name: string;
  bytes: number;
  sha256: string;
}

/** Files with their sizes and hashes, each to download. @param under The path that they lie under. */
export function FilesTable({ under, files }: { under: string; files: readonly ListedFile[] }) {
  return (
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
            <DownloadButton src={`${under}/${encodeURIComponent(name)}`} name={name}>
              Download
            </DownloadButton>
          ),
        },
      ]}
      rows={files}
      keyOf={({ name }) => name}
    />
  );
}
