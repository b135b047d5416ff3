import type { Schemas } from "../../../client/client.ts";
import { type SpecialProps, UNDECIDED } from "../../forms/form_state.ts";
import { useQuery } from "../../live/query.ts";
import { calls, dataOf } from "../../live/session.ts";
import { formatCount, formatNumber, shortId } from "../../parts/format.ts";

type Checkpoint = Schemas["Checkpoint"];
/** The newest ones: whoever wants an older one comes from its job, by a link. */
const LISTED = 200;

/** What an option stands for: undefined leaves the field out. */
const meantBy = (chosen: string) => chosen === "" ? undefined : chosen === "null" ? null : chosen;

/** A checkpoint, by the aliases that name it or among the newest. */
export function CheckpointPicker({ attributes, value, onInput, leftOut, field }: SpecialProps) {
  const { data } = useQuery(`checkpoints?limit=${LISTED}`, async (signal) => {
    const params = { params: { query: { limit: LISTED } }, signal };
    const [all, models] = await Promise.all([
      dataOf(calls().GET("/v1/checkpoints", params)),
      dataOf(calls().GET("/v1/models", { signal })),
    ]);
    const aliases = new Map(models.data.map(({ checkpoint, aliases }) => [checkpoint, aliases]));
    return all.data.map((each) => ({ ...each, aliases: aliases.get(each.id) ?? [] }));
  });
  const named = data?.filter(({ aliases }) => aliases.length > 0) ?? [];
  const others = data?.filter(({ aliases }) => aliases.length === 0) ?? [];
  const shown = value === null ? "null" : value === undefined ? "" : String(value);
  const known = shown === "" || shown === "null" || data?.some(({ id }) => id === shown);
  const options = (list: typeof named) =>
    list.map((each) => (
      <option key={each.id} value={each.id} selected={each.id === shown}>{told(each)}</option>
    ));
  return (
    <select
      class="input"
      {...attributes}
      value={shown}
      onChange={({ currentTarget }) => onInput(meantBy(currentTarget.value))}
    >
      <option value="">
        {leftOut === ""
          ? data?.length === 0 ? "there are none yet" : "choose …"
          : toldLeftOut(leftOut, "none")}
      </option>
      {field.nullable && <option value="null" selected={shown === "null"}>none</option>}
      {!known && <option value={shown} selected>{shown}</option>}
      {named.length > 0 && <optgroup label="Models with a name">{options(named)}</optgroup>}
      {others.length > 0 && <optgroup label="Newest checkpoints">{options(others)}</optgroup>}
    </select>
  );
}

/** @param none What null means. */
const toldLeftOut = (leftOut: string, none: string): string =>
  leftOut === UNDECIDED ? leftOut : `${leftOut === "null" ? none : leftOut} (left out)`;

function told({ id, arch, px, step, metrics, aliases }: Checkpoint & { aliases: string[] }): string {
  const best = Object.entries(metrics).find(([name]) => /^(knn|probe)_top1$/.test(name));
  return [
    aliases.join(", "),
    `${arch}, ${px} px`,
    `step ${formatCount(step)}`,
    best && `${best[0]} ${formatNumber(best[1], 3)}`,
    shortId(id),
  ].filter(Boolean).join(" · ");
}

/** One of a dataset's splits. */
export function SplitPicker(
  { attributes, value, onInput, leftOut, field, dataset }: SpecialProps & { dataset: Schemas["Dataset"] },
) {
  const splits = Object.entries(dataset.splits), shown = value === null ? "null" : String(value ?? "");
  const known = shown === "" || shown === "null" || shown in dataset.splits;
  return (
    <select
      class="input"
      {...attributes}
      value={shown}
      onChange={({ currentTarget }) => onInput(meantBy(currentTarget.value))}
    >
      <option value="">{toldLeftOut(leftOut, "all")}</option>
      {field.nullable && <option value="null" selected={shown === "null"}>all images</option>}
      {!known && <option value={shown} selected>{shown}: not a split of this dataset</option>}
      {splits.map(([name, { images }]) => (
        <option key={name} value={name} selected={name === shown}>
          {name} · {formatCount(images)} {images === 1 ? "image" : "images"}
        </option>
      ))}
    </select>
  );
}
