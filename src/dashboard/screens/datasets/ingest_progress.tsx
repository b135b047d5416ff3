import type { Schemas } from "../../../client/client.ts";
import { formatBytes, formatCount, formatDuration } from "../../parts/format.ts";
import { ProgressBar } from "../../parts/progress_bar.tsx";

type Progress = Schemas["Dataset"]["progress"];

/** How far an ingest has come: a bar, and what is left. @param brief For a table's cell. */
export function IngestProgress({ progress, name, brief = false }: {
  progress: Progress;
  name: string;
  brief?: boolean;
}) {
  const { bytes_read = 0, bytes_total = 0, images = 0, rejected = 0, images_per_s = 0, eta_s = null } =
    progress ?? {};
  const value = bytes_total > 0 ? bytes_read : undefined;
  const bar = <ProgressBar value={value} max={bytes_total} label={`Ingest of ${name}`} showPercent />;
  const left = eta_s === null ? "" : `, ${formatDuration(eta_s)} left`;
  if (brief) {
    return (
      <span class="datasets-ingest">
        {progress && bar}
        <span class="soft">{progress ? `${formatCount(images)} images${left}` : "waits for its turn"}</span>
      </span>
    );
  }
  return (
    <div class="stack">
      {bar}
      <p class="soft">
        {progress
          ? `${formatCount(images)} images so far, ${
            formatCount(Math.round(images_per_s))
          } a second${left}. ` +
            `${formatBytes(bytes_read)} of ${formatBytes(bytes_total)} read` +
            (rejected > 0 ? `; ${formatCount(rejected)} files rejected` : "")
          : "It waits for its turn: datasets are read one after the other."}
      </p>
    </div>
  );
}

/** Why an ingest has failed, without the name that stands beside it. */
export const reasonOf = ({ message }: { message: string }, name: string): string =>
  message.replace(`Cannot ingest "${name}": `, "");
