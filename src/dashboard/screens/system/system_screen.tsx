import type { Schemas } from "../../../client/client.ts";
import { useQuery } from "../../live/query.ts";
import { calls, dataOf } from "../../live/session.ts";
import { formatBytes, formatCount, formatDuration, formatTime } from "../../parts/format.ts";
import { Figure, KeyValue, PageHead, Section } from "../../parts/section.tsx";
import { Loaded } from "../../parts/states.tsx";
import { Table } from "../../parts/table.tsx";
import { KIND_NAMES } from "../jobs/job_filter.ts";
import { Adapters } from "./adapters.tsx";
import { Disk } from "./disk.tsx";
import { Findings } from "./findings.tsx";
import { Workers } from "./workers.tsx";

type System = Schemas["System"];

/** The server as its operator sees it, asked for every 3 s. */
export function Screen() {
  const query = useQuery("system", (signal) => dataOf(calls().GET("/v1/system", { signal })), { every: 3 });
  return (
    <>
      <PageHead title="System" />
      <Loaded query={query} lines={8}>{(system) => <Report system={system} />}</Loaded>
    </>
  );
}

function Report({ system }: { system: System }) {
  const { queue, memory, disk, versions } = system;
  const held = system.workers.reduce((total, worker) => total + (worker.gpu_held_bytes ?? 0), 0);
  return (
    <div class="stack">
      <div class="figure-row">
        <Figure
          label="Up for"
          value={formatDuration(system.uptime_s)}
          note={`since ${formatTime(system.started_at).replace(/:\d\d$/, "")}`}
        />
        <Figure
          label="Jobs running"
          value={formatCount(queue.running)}
          note={`${formatCount(queue.depth)} waiting`}
        />
        <Figure label="GPU memory held" value={formatBytes(held)} note="by both workers" />
        <Figure
          label="Memory available"
          value={formatBytes(memory.machine_available_bytes)}
          note={`of ${formatBytes(memory.machine_total_bytes)}`}
        />
        <Figure
          label="Disk free"
          value={formatBytes(disk?.free_bytes)}
          note={disk ? `of ${formatBytes(disk.total_bytes)}` : "not counted yet"}
        />
      </div>
      <Findings findings={system.findings} />
      <Workers workers={system.workers} />
      <div class="columns system-short">
        <Disk disk={disk} />
        <Section title="Memory" note="of this machine">
          <KeyValue
            rows={[
              ["Server", formatBytes(memory.resident_bytes)],
              ["Server's JavaScript", formatBytes(memory.heap_used_bytes)],
              ["Available", formatBytes(memory.machine_available_bytes)],
              ["Installed", formatBytes(memory.machine_total_bytes)],
            ]}
          />
        </Section>
        <Section title="Queue">
          <KeyValue
            rows={[
              ["Waiting jobs", formatCount(queue.depth)],
              ["Running jobs", formatCount(queue.running)],
              ...queue.jobs.map((
                { kind, status, count },
              ): [string, string] => [
                `${KIND_NAMES[kind as keyof typeof KIND_NAMES] ?? kind}, ${status}`,
                formatCount(count),
              ]),
              ...system.datasets.map((
                { status, count },
              ): [string, string] => [`Datasets, ${status}`, formatCount(count)]),
            ]}
          />
        </Section>
        <Section title="Versions">
          <KeyValue
            rows={[["latentd", versions.latentd], ["Deno", versions.deno], ["V8", versions.v8], [
              "WebGPU",
              system.provider,
            ]]}
          />
        </Section>
      </div>
      <Adapters workers={system.workers} />
      <Section
        title="Settings"
        note="environment variables of the server, as it reads them"
        flush
        class="table-short"
      >
        <Table
          caption="Settings"
          columns={[
            {
              id: "name",
              head: "Variable",
              main: true,
              cell: ([name]) => <code>{name}</code>,
              width: "22rem",
            },
            {
              id: "value",
              head: "Value",
              cell: ([, value]) => value === "" ? <span class="soft">none</span> : <code>{value}</code>,
            },
          ]}
          rows={Object.entries(system.settings)}
          keyOf={([name]) => name}
        />
      </Section>
    </div>
  );
}
