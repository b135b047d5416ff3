import type { Schemas } from "../../../client/client.ts";
import { formatBytes, formatPercent } from "../../parts/format.ts";
import { KeyValue, Section } from "../../parts/section.tsx";
import { Notice } from "../../parts/states.tsx";

type Report = NonNullable<Schemas["System"]["disk"]>;
/** Below it jobs pause for want of room sooner or later. */
const LITTLE = 0.1;

/** Where `DATA_DIR`'s disk goes: one bar, and what each use takes. */
export function Disk({ disk }: { disk: Report | null }) {
  if (!disk) {
    return (
      <Section title="Disk">
        <p class="soft">Not counted yet: that is done within a minute.</p>
      </Section>
    );
  }
  const { total_bytes: total, free_bytes: free } = disk;
  const uses = Object.entries(disk.used_bytes).filter(([, bytes]) => bytes > 0).toSorted(([, a], [, b]) =>
    b - a
  );
  const ours = uses.reduce((sum, [, bytes]) => sum + bytes, 0), others = Math.max(0, total - free - ours);
  const parts = [...uses, ["everything else", others] as const];
  return (
    <Section title="Disk" note={`${formatBytes(free)} free of ${formatBytes(total)}`}>
      <div
        class="system-disk"
        role="img"
        aria-label={`${formatPercent(1 - free / total, 0)} of the disk is in use`}
      >
        {parts.map(([use, bytes], n) => (
          <span
            key={use}
            class={`system-part system-part-${use === "everything else" ? "other" : n + 1}`}
            style={{ flexGrow: bytes / total }}
          />
        ))}
        <span style={{ flexGrow: free / total }} />
      </div>
      <KeyValue
        rows={parts.map(([use, bytes], n) => [
          <span key={use} class="system-use">
            <i class={`system-dot system-part-${use === "everything else" ? "other" : n + 1}`} />
            {use}
          </span>,
          formatBytes(bytes),
        ])}
      />
      {free / total < LITTLE && (
        <Notice tone="warning">
          Little room is left. A job that finds the disk full pauses, and goes on when there is room: delete
          datasets or checkpoints that nobody needs.
        </Notice>
      )}
    </Section>
  );
}
