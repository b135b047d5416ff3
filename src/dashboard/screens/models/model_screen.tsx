import { useState } from "preact/hooks";
import { goTo, href } from "../../live/address.ts";
import { useQuery } from "../../live/query.ts";
import { Button } from "../../parts/button.tsx";
import { Id } from "../../parts/copy_button.tsx";
import { formatBytes, formatCount, formatTime, shortId } from "../../parts/format.ts";
import { Figure, KeyValue, PageHead, Section } from "../../parts/section.tsx";
import { EmptyState, Loaded } from "../../parts/states.tsx";
import { Badge } from "../../parts/status_pill.tsx";
import type { ScreenProps } from "../../screen_props.ts";
import { AliasActions } from "./alias_actions.tsx";
import { formatMs, Resident } from "./alias_table.tsx";
import { Downloads } from "./downloads.tsx";
import { EvaluationTable } from "./evaluation_table.tsx";
import {
  askCheckpoint,
  askEvaluations,
  type Checkpoint,
  type Model,
  useAliases,
  useModel,
} from "./model_data.ts";
import { SetAliasDialog } from "./set_alias_dialog.tsx";
import { Snippets } from "./snippets.tsx";
import { TryIt } from "./try_it.tsx";

const TRAIL: [string, string][] = [["Models", href("/models")]];

/** One model, by alias or checkpoint: what it is, how it fares, and how to use it. */
export function Screen({ params: { id } }: ScreenProps) {
  const query = useModel(id), [naming, setNaming] = useState(false), aliases = useAliases();
  const model = query.data, isAlias = model && model.id !== model.checkpoint;
  return (
    <>
      <PageHead
        title={id === model?.checkpoint ? shortId(id) : id}
        trail={TRAIL}
        status={model && (
          <>
            <Resident resident={model.resident} />
            {model.task === "classification" && <Badge tone="accent">{model.labels} classes</Badge>}
          </>
        )}
        actions={model && (
          <>
            {isAlias && <AliasActions words model={model} onDropped={() => goTo("/models")} />}
            <Button href={href("/neighbors", { model: id })} icon="neighbors">Neighbours</Button>
            <Button
              href={href("/new", { kind: "knn", checkpoint: model.checkpoint })}
              icon="play"
              needs="train"
            >
              Evaluate
            </Button>
            {!isAlias && (
              <Button kind="primary" needs="admin" onClick={() => setNaming(true)}>Serve under a name</Button>
            )}
          </>
        )}
      />
      <Loaded query={query} lines={8}>{(model) => <Report model={model} />}</Loaded>
      <SetAliasDialog
        {...{ open: naming, checkpoint: model?.checkpoint, aliases: aliases.data ?? [] }}
        onClose={() => setNaming(false)}
      />
    </>
  );
}

function Report({ model }: { model: Model }) {
  const { latency, checkpoint: id } = model;
  const checkpoint = useQuery(`checkpoint:${id}`, (signal) => askCheckpoint(id, signal));
  const evaluations = useQuery(`models?evaluations=${id}`, (signal) => askEvaluations(id, signal));
  const nobody = latency ? undefined : "nobody asked lately";
  return (
    <div class="stack">
      <div class="figure-row">
        <Figure label="Requests" value={formatCount(latency?.requests ?? 0)} note="in five minutes" />
        <Figure label="Latency, p50" value={formatMs(latency?.p50_ms)} note={nobody ?? "half are faster"} />
        <Figure
          label="Latency, p99"
          value={formatMs(latency?.p99_ms)}
          note={nobody ?? "of 100, 99 are faster"}
        />
        <Figure label="Dimensions" value={formatCount(model.dim)} note={model.arch} />
        <Figure label="Images" value={`${model.px} px`} note="resized to that" />
        <Figure
          label="Weights"
          value={formatBytes(weightsOf(checkpoint.data))}
          note={checkpoint.data?.job === null ? "imported" : "trained here"}
        />
      </div>
      <div class="columns models-use">
        <TryIt key={model.id} model={model} />
        <Snippets model={model} />
      </div>
      <Section title="Evaluations" flush>
        <Loaded query={evaluations}>
          {(rows) =>
            rows.length === 0
              ? (
                <EmptyState
                  icon="compare"
                  title="It has not been evaluated"
                  actions={
                    <Button icon="play" needs="train" href={href("/new", { kind: "knn", checkpoint: id })}>
                      Evaluate
                    </Button>
                  }
                >
                  A k-NN job says how well images that lie near each other share a label.
                </EmptyState>
              )
              : <EvaluationTable ids={[id]} nameOf={() => "Figures"} evaluations={rows} />}
        </Loaded>
      </Section>
      <div class="columns">
        <About model={model} checkpoint={checkpoint.data} />
        <Downloads id={id} files={checkpoint.data?.files ?? []} />
      </div>
    </div>
  );
}

const weightsOf = (checkpoint: Checkpoint | undefined): number | undefined =>
  checkpoint?.files.find(({ name }) => name === "model.safetensors")?.bytes;

function About({ model, checkpoint }: { model: Model; checkpoint: Checkpoint | undefined }) {
  const { preprocessing: { channel_mean, channel_std }, previous } = model;
  const three = (values: number[]) => values.map((value) => value.toFixed(3)).join(", ");
  return (
    <Section title="About">
      <KeyValue
        rows={[
          ["Checkpoint", <Id key="id" id={model.checkpoint} to={href(`/models/${model.checkpoint}`)} copy />],
          ...(model.id === model.checkpoint ? [] : [[
            "Named before",
            previous ? <Id key="previous" id={previous} to={href(`/models/${previous}`)} /> : "–",
          ] as [string, preact.ComponentChildren]]),
          [
            "Aliases",
            model.aliases.length === 0 ? "–" : (
              <span key="aliases" class="row">
                {model.aliases.map((alias) => <a key={alias} href={href(`/models/${alias}`)}>{alias}</a>)}
              </span>
            ),
          ],
          [
            "Made by",
            !checkpoint ? "–" : checkpoint.job === null ? "import" : (
              <span key="job" class="row">
                <Id id={checkpoint.job} to={href(`/jobs/${checkpoint.job}`)} />
                <span class="soft">step {formatCount(checkpoint.step)}</span>
              </span>
            ),
          ],
          ["Created", formatTime(checkpoint?.created_at)],
          ["Mean of channels", three(channel_mean)],
          ["Their deviation", three(channel_std)],
        ]}
      />
    </Section>
  );
}
