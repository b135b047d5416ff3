import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Schemas } from "../../../client/client.ts";
import { FormProvider, type FormState } from "../../forms/form_state.ts";
import type { FormField } from "../../forms/json_schema.ts";
import { at, type Json, withAt } from "../../forms/pointers.ts";
import { usesKey } from "../../live/session.ts";
import { Button } from "../../parts/button.tsx";
import { CodeSnippet, CopyButton } from "../../parts/copy_button.tsx";
import { Field } from "../../parts/field.tsx";
import { Section } from "../../parts/section.tsx";
import { Notice } from "../../parts/states.tsx";
import { ConfigFields } from "./config_fields.tsx";
import { DatasetPicker } from "./dataset_picker.tsx";
import { EstimatePanel } from "./estimate_panel.tsx";
import { curlOf, type JobBody, metadataOf, metadataText } from "./job_body.ts";
import { focusFirstWrong } from "./focus_first_wrong.ts";
import { KindChooser } from "./kind_chooser.tsx";
import { CheckpointPicker, SplitPicker } from "./pickers.tsx";
import { PreviewPanel } from "./preview_panel.tsx";
import { homeless, shownErrors } from "./shown_errors.ts";
import { missingOf, type Start } from "./start_values.ts";
import { useEstimate } from "./use_estimate.ts";
import { useSubmission } from "./use_submission.ts";

type Dataset = Schemas["Dataset"];
interface Kind {
  kind: string;
  fields: FormField[];
  example?: unknown;
}

/** What is to be done, to what, and how; beside it what that would take. @param start What it begins with. */
export function JobForm({ kinds, datasets, start }: { kinds: Kind[]; datasets: Dataset[]; start: Start }) {
  const [kind, setKind] = useState(start.kind);
  const [datasetId, setDatasetId] = useState(start.dataset ?? datasets[0].id);
  const [configs, setConfigs] = useState<Record<string, Json>>({ [start.kind]: start.config });
  const [metadata, setMetadata] = useState(metadataText(start.metadata));
  const { fields, example } = kinds.find((each) => each.kind === kind) ?? kinds[0],
    config = configs[kind] ?? {};
  const dataset = datasets.find(({ id }) => id === datasetId);
  const own = metadataOf(metadata), withOwn = Object.keys(own).length > 0 ? { metadata: own } : {};
  const body: JobBody = { kind, dataset: datasetId, config, ...withOwn };
  const missing = missingOf(fields, config),
    estimating = useEstimate(missing.length === 0 ? body : undefined);
  const { busy, refusal, submit, setRefusal } = useSubmission(), form = useRef<HTMLFormElement>(null);
  const unless = { refused: estimating.current && !estimating.absent ? [] : refusal?.errors ?? [] };
  const errors = shownErrors({ ...unless, live: estimating.errors, config, tried: refusal !== undefined });
  const strays = homeless(errors, fields), filled = estimating.estimate?.config;

  useEffect(() => {
    if (refusal && !focusFirstWrong(form.current!)) {
      form.current!.querySelector<HTMLElement>(".newjob-refusal")?.focus();
    }
  }, [refusal?.count]);
  const setConfig = (change: (before: Json) => Json) =>
    setConfigs((all) => ({ ...all, [kind]: change(all[kind] ?? {}) }));
  const set = (pointer: string, value: unknown) => {
    setConfig((before) => withAt(withSiblings(before, pointer, fields, filled), pointer, value));
    // What was refused may be sound by now; where the server estimates, it says so by itself.
    setRefusal((before) =>
      before && {
        ...before,
        errors: before.errors.filter(({ pointer: wrong = "" }) =>
          !wrong.startsWith(`#/config${pointer}`) && at(config, wrong.slice("#/config".length)) !== undefined
        ),
      }
    );
  };
  const special: FormState["special"] = ({ name, shape }) => {
    if (shape.type !== "line" || shape.reads.join() !== "text") return undefined;
    if (name === "checkpoint" || name === "init") return CheckpointPicker;
    return /(^|_)split$/.test(name) && dataset
      ? (props) => <SplitPicker {...props} dataset={dataset} />
      : undefined;
  };
  const state = useMemo(() => ({ config, set, filled, errors, special }), [
    ...[config, filled, JSON.stringify(errors), dataset, fields],
  ]);
  const curl = curlOf(location.origin, body, usesKey());
  return (
    <form
      class="newjob"
      ref={form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit(body);
      }}
    >
      <div class="stack newjob-main">
        <KindChooser
          kinds={kinds.map((each) => each.kind)}
          chosen={kind}
          onChoose={(chosen) => {
            setKind(chosen);
            setRefusal(undefined);
          }}
        />
        <DatasetPicker
          {...{ datasets, chosen: datasetId, onChoose: setDatasetId }}
          error={errors.filter(({ pointer }) => pointer === "#/dataset").map(({ detail }) => detail).join(
            "; ",
          )}
        />
        <FormProvider value={state}>
          <ConfigFields
            key={kind}
            {...{ fields, config, errors }}
            actions={Object.keys(config).length === 0 && example !== undefined && (
              <Button
                size="small"
                onClick={() => setConfig(() => withoutIds(example as Json))}
              >
                Fill in an example
              </Button>
            )}
          />
        </FormProvider>
        <Section title="Metadata" note="to find it again by; optional">
          <Field label="Metadata" hideLabel description="A line each: name = value">
            {(attributes) => (
              <textarea
                {...attributes}
                class="input mono"
                rows={2}
                placeholder="team = search"
                value={metadata}
                onInput={({ currentTarget }) => setMetadata(currentTarget.value)}
              />
            )}
          </Field>
        </Section>
      </div>
      <div class="stack newjob-aside">
        <EstimatePanel {...{ estimating, missing }} onBatch={(batch) => set("/batch", batch)} />
        <div class="newjob-start">
          {refusal && (
            <div class="newjob-refusal" role="alert" tabIndex={-1}>
              <Notice tone="bad">
                <p>{errors.length > 0 ? `Not started: ${countOf(errors.length)}.` : refusal.message}</p>
                {strays.map(({ pointer, detail }) => (
                  <p key={`${pointer} ${detail}`}>
                    <code>{pointer}</code> {detail}
                  </p>
                ))}
              </Notice>
            </div>
          )}
          <div class="row">
            <Button kind="primary" type="submit" icon="play" needs="train" busy={busy}>Start the job</Button>
            <CopyButton text={curl} label="Copy the request as curl">Copy as curl</CopyButton>
          </div>
        </div>
        <Previewed {...{ dataset, fields, config, filled }} />
        <details class="newjob-request">
          <summary>The request</summary>
          <CodeSnippet language="curl" code={curl} />
        </details>
      </div>
    </form>
  );
}

const countOf = (count: number): string => count === 1 ? "1 setting is wrong" : `${count} settings are wrong`;
/** The document's examples name checkpoints that nobody has. */
const withoutIds = (example: Json): Json =>
  Object.fromEntries(Object.entries(example).filter(([, value]) => !/^ckpt_/.test(String(value))));

/** Where the first field of a group is given that needs others beside it, those are given as the server would have them. */
function withSiblings(
  config: Json,
  pointer: string,
  fields: readonly FormField[],
  filled: Json | undefined,
): Json {
  const parent = pointer.replace(/\/[^/]*$/, "");
  const group = fields.find((field) => field.pointer === parent)?.shape;
  if (group?.type !== "group" || at(config, parent) !== undefined) return config;
  return group.fields.filter(({ required }) => required).reduce(
    (before, each) => withAt(before, each.pointer, at(filled, each.pointer)),
    config,
  );
}

function Previewed({ dataset, fields, config, filled }: {
  dataset: Dataset | undefined;
  fields: readonly FormField[];
  config: Json;
  filled: Json | undefined;
}) {
  const field = fields.find(({ name, shape }) => name === "augmentation" && shape.type === "named");
  if (!dataset || field?.shape.type !== "named") return null;
  const numberAt = (pointer: string) =>
    [at(config, pointer), at(filled, pointer)].find((value) =>
      Number.isSafeInteger(value) && Number(value) >= 0
    );
  const value = at(config, field.pointer) ?? at(filled, field.pointer) ?? undefined;
  const pairs = field.shape.fields.some(({ name }) => name === "view1");
  if (!pairs && (typeof value !== "object" || value === null)) return null;
  const split = at(config, "/split") ?? at(filled, "/split") ?? "train";
  return (
    <PreviewPanel
      dataset={dataset}
      split={typeof split === "string" ? split : undefined}
      seed={Number(numberAt("/seed") ?? 0)}
      px={numberAt("/px") as number | undefined}
      augmentation={pairs ? value : { view1: value, view2: value }}
    />
  );
}
