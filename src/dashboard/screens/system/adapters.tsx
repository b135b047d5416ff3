import { formatBytes, formatCount } from "../../parts/format.ts";
import { KeyValue, Section } from "../../parts/section.tsx";
import { Notice } from "../../parts/states.tsx";
import { Badge } from "../../parts/status_pill.tsx";
import type { Worker } from "./workers.tsx";

type Adapter = NonNullable<Worker["adapter"]>;

/** The GPUs that the workers have opened, each once; features and limits on demand. */
export function Adapters({ workers }: { workers: Worker[] }) {
  const users = new Map<string, Use>();
  for (const { role, adapter, mixed } of workers) {
    if (!adapter) continue;
    const name = `${adapter.provider} ${adapter.description} ${adapter.device}`;
    const known = users.get(name);
    if (known) {
      known.roles.push(role);
      known.mixed ??= mixed;
    } else users.set(name, { adapter, roles: [role], mixed });
  }
  if (users.size === 0) {
    return (
      <Section title="GPU">
        <Notice tone="warning">
          No worker has a GPU at the moment. They may still be starting; if not, <code>deno task doctor</code>
          {" "}
          says why.
        </Notice>
      </Section>
    );
  }
  return <>{[...users].map(([name, use]) => <One key={name} {...use} />)}</>;
}

interface Use {
  adapter: Adapter;
  roles: string[];
  /** Who computes in mixed precision, and why. */
  mixed: string | null;
}

function One({ adapter, roles, mixed }: Use) {
  const limits = Object.entries(adapter.limits).sort(([a], [b]) => a.localeCompare(b));
  return (
    <Section title="GPU" note={`used by ${roles.join(" and ")}`}>
      <div class="stack">
        <KeyValue
          rows={[
            [
              "Adapter",
              <span key="adapter">
                {adapter.description} {adapter.software && <Badge tone="warning">software</Badge>}
              </span>,
            ],
            ["Driver", adapter.driver || "–"],
            ["Vendor · device", `${adapter.vendor || "–"} · ${adapter.device || "–"}`],
            ["WebGPU", adapter.provider],
            ...(mixed ? [["Mixed precision", mixed] as [string, string]] : []),
            [
              "Features",
              <span key="features" class="row">
                {adapter.features.map((name) => <Badge key={name}>{name}</Badge>)}
              </span>,
            ],
          ]}
        />
        {adapter.software && (
          <Notice>This adapter is a CPU: everything works, some hundred times slower than on a GPU.</Notice>
        )}
        <details>
          <summary>{limits.length} limits</summary>
          <div class="system-limits">
            <KeyValue
              rows={limits.map(([name, value]) => [
                <code key={name}>{name}</code>,
                /Size|Bytes/.test(name) && value >= 2 ** 20
                  ? `${formatBytes(value)} (${formatCount(value)})`
                  : formatCount(value),
              ])}
            />
          </div>
        </details>
      </div>
    </Section>
  );
}
