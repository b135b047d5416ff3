import { useState } from "preact/hooks";
import { Refused, type Schemas } from "../../../../client/client.ts";
import { href } from "../../../live/address.ts";
import { invalidate } from "../../../live/query.ts";
import { calls, dataOf } from "../../../live/session.ts";
import { toast } from "../../../live/toasts.ts";
import { Button } from "../../../parts/button.tsx";
import { Dialog } from "../../../parts/dialog.tsx";
import { NumberInput, Select } from "../../../parts/field.tsx";
import { formatCount, shortId } from "../../../parts/format.ts";
import { Notice } from "../../../parts/states.tsx";
import { useDatasetNames } from "../dataset_names.ts";
import { type Job, KIND_NAMES } from "../job_filter.ts";
import type { Checkpoint } from "./checkpoint.ts";

type Kind = "knn" | "linear_probe";
const ABOUT: Record<Kind, string> = {
  knn: "Each image of one split is classified by its nearest in the other. Takes seconds, trains nothing",
  linear_probe: "A linear classifier of the embeddings is trained, and kept as a checkpoint of its own",
};

/** Has a checkpoint judged by the labels of a dataset, in a job of its own. */
export function EvaluateDialog({ checkpoint, dataset, onClose }: {
  checkpoint: Checkpoint | undefined;
  dataset: string;
  onClose: () => void;
}) {
  return (
    <Dialog title="Evaluate this checkpoint" open={checkpoint !== undefined} onClose={onClose}>
      {checkpoint && <EvaluateForm checkpoint={checkpoint} own={dataset} onClose={onClose} />}
    </Dialog>
  );
}

function EvaluateForm(
  { checkpoint, own, onClose }: { checkpoint: Checkpoint; own: string; onClose: () => void },
) {
  const { datasets } = useDatasetNames(),
    ready = datasets.filter(({ status, splits }) => status === "ready" && labelled(splits).length > 0);
  const [kind, setKind] = useState<Kind>("knn"), [asked, setAsked] = useState(own);
  const [splits, setSplits] = useState<{ bank?: string; query?: string }>({}), [k, setK] = useState<number>();
  const [error, setError] = useState<Error>(),
    [busy, setBusy] = useState(false),
    [job, setJob] = useState<Job>();
  const dataset = ready.find(({ id }) => id === asked) ?? ready[0],
    names = dataset ? labelled(dataset.splits) : [];
  const bank = splits.bank ?? (names.includes("train") ? "train" : names[0]);
  const query = splits.query ?? names.find((name) => name === "test") ??
    names.find((name) => name !== bank) ?? names[0];
  const send = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    const common = { checkpoint: checkpoint.id }, on = { dataset: dataset.id };
    const body = kind === "knn"
      ? {
        kind,
        ...on,
        config: { ...common, bank_split: bank, query_split: query, ...(k === undefined ? {} : { k }) },
      }
      : { kind, ...on, config: { ...common, train_split: bank, test_split: query } };
    try {
      setJob(await dataOf(calls().POST("/v1/jobs", { body: body as Schemas["JobRequest"] })));
      toast("Queued", "good");
      invalidate("jobs");
    } catch (error) {
      setError(error as Error);
    }
    setBusy(false);
  };
  if (job) {
    return (
      <>
        <Notice tone="good">
          {KIND_NAMES[job.kind]} is queued as{" "}
          <a href={href(`/jobs/${job.id}`)}>{shortId(job.id)}</a>; its figures come to Evaluations too.
        </Notice>
        <div class="row">
          <Button kind="primary" href={href(`/jobs/${job.id}`)}>Open the job</Button>
          <Button onClick={onClose}>Close</Button>
        </div>
      </>
    );
  }
  if (!dataset) return <Notice>No dataset has labels. Upload one with a folder for each class.</Notice>;
  return (
    <form class="stack" onSubmit={send}>
      <Select
        {...{ label: "How", value: kind, onInput: setKind, description: ABOUT[kind] }}
        options={[{ value: "knn", text: "k-NN" }, { value: "linear_probe", text: "Linear probe" }]}
      />
      <Select
        {...{ label: "Dataset", value: dataset.id }}
        onInput={(id) => (setAsked(id), setSplits({}))}
        options={ready.map(({ id, name, counts }) => ({
          value: id,
          text: `${name || shortId(id)}, ${formatCount(counts.images)} images`,
        }))}
      />
      <Select
        {...{ label: kind === "knn" ? "Labels of" : "Train on", value: bank, options: names }}
        onInput={(bank) => setSplits({ ...splits, bank })}
      />
      <Select
        {...{ label: "Judge by", value: query, options: names }}
        onInput={(query) => setSplits({ ...splits, query })}
      />
      {kind === "knn" && (
        <NumberInput
          {...{
            label: "Neighbours",
            note: "k",
            value: k,
            onInput: setK,
            min: 1,
            max: 10000,
            step: 1,
            placeholder: "200, or all there are",
          }}
        />
      )}
      {error && <Refusal error={error} />}
      <div class="row">
        <Button kind="primary" type="submit" needs="train" busy={busy}>Evaluate</Button>
        <Button onClick={onClose}>Not now</Button>
      </div>
    </form>
  );
}

function Refusal({ error }: { error: Error }) {
  const told = error instanceof Refused ? error.problem?.errors ?? [] : [];
  return (
    <Notice tone="bad">
      <div role="alert">
        {told.length === 0 ? error.message : told.map(({ pointer, detail }) => (
          <p key={pointer}>
            <code>{pointer?.replace(/^#\//, "").replaceAll("/", ".")}</code> {detail}
          </p>
        ))}
      </div>
    </Notice>
  );
}

/** Splits that have labels. */
const labelled = (splits: Schemas["Dataset"]["splits"]): string[] =>
  Object.keys(splits).filter((name) => Object.keys(splits[name].classes).length > 0);
