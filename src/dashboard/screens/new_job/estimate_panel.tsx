import type { ComponentChildren } from "preact";
import { Button } from "../../parts/button.tsx";
import { formatBytes, formatCount, formatDuration } from "../../parts/format.ts";
import { KeyValue, Section } from "../../parts/section.tsx";
import { Notice } from "../../parts/states.tsx";
import { Badge } from "../../parts/status_pill.tsx";
import type { Estimate, Estimating } from "./use_estimate.ts";

/**
 * What the job would take, before there is one.
 *
 * @param missing Required fields that are not given yet.
 * @param onBatch Takes a batch that fits.
 */
export function EstimatePanel({ estimating, missing, onBatch }: {
  estimating: Estimating;
  missing: string[];
  onBatch: (batch: number) => void;
}) {
  const { estimate, errors, failure, absent, busy, current } = estimating;
  let content: ComponentChildren;
  if (absent) content = <p class="soft">This server gives no estimates.</p>;
  else if (estimate) content = <Told {...{ estimate, onBatch }} />;
  else if (missing.length > 0) content = <p class="soft">Choose {missing.join(", ")} first.</p>;
  else if (errors.length === 0 && !failure) content = <p class="soft">The server is working it out …</p>;
  const stale = estimate && (!current || errors.length > 0 || failure || missing.length > 0);
  return (
    <Section
      title="Estimate"
      note={errors.length > 0
        ? `${errors.length === 1 ? "1 setting is" : `${errors.length} settings are`} wrong`
        : ""}
      actions={busy && <span class="spinner" role="status" aria-label="Estimating" />}
    >
      <div class="stack">
        {failure && <Notice tone="warning">{failure.message}</Notice>}
        {errors.length > 0 && (
          <ul class="newjob-wrong">
            {errors.map(({ pointer, detail }) => (
              <li key={`${pointer} ${detail}`}>
                <code>{pointer?.replace(/^#\/(config\/)?/, "").replaceAll("/", ".")}</code> {detail}
              </li>
            ))}
          </ul>
        )}
        <div class={`stack ${stale ? "newjob-stale" : ""}`}>
          {stale && !busy && <p class="soft">As it was before the last changes:</p>}
          {content}
        </div>
      </div>
    </Section>
  );
}

function Told({ estimate, onBatch }: { estimate: Estimate; onBatch: (batch: number) => void }) {
  const { memory, steps, steps_per_epoch, seconds_per_epoch, seconds, basis } = estimate;
  return (
    <>
      <div class="newjob-memory">
        <div class="newjob-line">
          <b>GPU memory</b>
          {memory && (
            <Badge tone={memory.fits ? "good" : "bad"}>{memory.fits ? "fits" : "does not fit"}</Badge>
          )}
        </div>
        {memory && <MemoryBar memory={memory} />}
        {memory && !memory.fits && memory.detail && <p class="field-error">{memory.detail}</p>}
        {memory?.largest_batch && (
          <div class="newjob-line">
            <span class="soft">Largest batch that fits: {formatCount(memory.largest_batch)}</span>
            {!memory.fits && (
              <Button size="small" onClick={() => onBatch(memory.largest_batch!)}>
                Use {formatCount(memory.largest_batch)}
              </Button>
            )}
          </div>
        )}
        <p class="field-about">{basis.memory}</p>
      </div>
      <div class="newjob-time">
        <KeyValue
          rows={[
            [
              "Time",
              seconds === null
                ? <span key="none" class="soft">not known</span>
                : `about ${formatDuration(seconds)}`,
            ],
            ...seconds_per_epoch === null
              ? []
              : [["An epoch", formatDuration(seconds_per_epoch)] as [string, string]],
            ...steps === null ? [] : [[
              "Steps",
              formatCount(steps) +
              (steps_per_epoch === null ? "" : `, ${formatCount(steps_per_epoch)} an epoch`),
            ] as [string, string]],
          ]}
        />
        <p class="field-about">{basis.time}</p>
      </div>
    </>
  );
}

function MemoryBar({ memory }: { memory: NonNullable<Estimate["memory"]> }) {
  const { bytes, available_bytes: available, fits } = memory;
  if (bytes === null) return null;
  const share = available === null || available === 0 ? undefined : bytes / available;
  const text = `${formatBytes(bytes)}${available === null ? "" : ` of ${formatBytes(available)}`}`;
  return (
    <div>
      {share !== undefined && (
        <div class="newjob-bar" role="img" aria-label={text}>
          <span
            class={fits ? share > 0.9 ? "newjob-tight" : "newjob-used" : "newjob-over"}
            style={{ width: `${100 * Math.min(1, share)}%` }}
          />
        </div>
      )}
      <span class="figures">{text}</span>
    </div>
  );
}
