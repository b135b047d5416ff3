import { usesKey } from "../../live/session.ts";
import { CodeSnippet, CopyButton } from "../../parts/copy_button.tsx";
import { Section } from "../../parts/section.tsx";
import { Badge } from "../../parts/status_pill.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { type ConfigLine, configLines, curlOf } from "./job_curl.ts";
import type { Job } from "./job_filter.ts";

const COLUMNS: Column<ConfigLine>[] = [
  {
    id: "name",
    head: "Field",
    main: true,
    width: "40%",
    cell: ({ name, given }) => <code class={given === false ? "jobs-defaulted" : "jobs-given"}>{name}</code>,
  },
  {
    id: "value",
    head: "Value",
    cell: ({ value, given }) => (
      <code class={given === false ? "jobs-defaulted jobs-value" : "jobs-value"}>{value}</code>
    ),
  },
  {
    id: "given",
    head: "From",
    width: "6rem",
    cell: ({ given }) =>
      given === undefined
        ? null
        : given
        ? <Badge tone="accent">given</Badge>
        : <span class="soft">default</span>,
  },
];

/** What a job runs with: what was sent, and what was filled in. */
export function ConfigTab({ job }: { job: Job }) {
  const { config, given, metadata } = job, curl = curlOf(job, location.origin, usesKey());
  return (
    <div class="jobs-config">
      <Section
        title="Config"
        note={given ? `${given.length} given, the rest is filled in` : "which fields were sent was not kept"}
        actions={
          <CopyButton text={JSON.stringify(config, null, 2)} label="Copy the whole config as JSON">
            JSON
          </CopyButton>
        }
        flush
        class="table-short"
      >
        <Table
          caption="Config"
          columns={COLUMNS}
          rows={configLines(config, given)}
          keyOf={({ pointer }) => pointer}
        />
      </Section>
      <div class="stack">
        <Section title="Submit it again" note="what was given, and nothing else">
          <CodeSnippet language="curl" code={curl} />
          {usesKey() && (
            <p class="field-about">
              <code>$LATENTD_KEY</code> stands for a key with the scope train.
            </p>
          )}
        </Section>
        {Object.keys(metadata).length > 0 && (
          <Section title="Metadata" flush class="table-short">
            <Table
              caption="Metadata"
              columns={[
                { id: "name", head: "Name", main: true, cell: ([name]) => <code>{name}</code> },
                { id: "value", head: "Value", cell: ([, value]) => value },
              ]}
              rows={Object.entries(metadata)}
              keyOf={([name]) => name}
            />
          </Section>
        )}
      </div>
    </div>
  );
}
