import { useState } from "preact/hooks";
import { textOf, valueOf } from "./field_text.ts";
import { type SpecialProps, UNDECIDED } from "./form_state.ts";

/** The control of one value: a list of choices, a slider for shares, or a line that is read as the schema has it. */
export function Entry(props: SpecialProps) {
  const { shape } = props.field;
  if (shape.type === "choice") return <Choice {...props} options={shape.options} />;
  if (shape.type === "flag") return <Choice {...props} options={["true", "false"]} />;
  return <Line {...props} />;
}

function Choice(
  { attributes, value, onInput, leftOut, field, options }: SpecialProps & { options: string[] },
) {
  const shown = value === undefined ? "" : String(value);
  const known = field.nullable ? [...options, "null"] : options;
  return (
    <select
      class="input"
      {...attributes}
      required={field.required}
      value={shown}
      onChange={({ currentTarget }) => onInput(valueOf(currentTarget.value, field))}
    >
      <option value="">
        {leftOut === "" ? "choose …" : leftOut === UNDECIDED ? leftOut : `${leftOut} (left out)`}
      </option>
      {shown !== "" && !known.includes(shown) && <option value={shown}>{shown}</option>}
      {known.map((option) => <option key={option} value={option} selected={option === shown}>{option}
      </option>)}
    </select>
  );
}

/** What was typed stays as it is while it says the same as the value. */
function Line({ attributes, value, onInput, leftOut, field }: SpecialProps) {
  const [typed, setTyped] = useState(textOf(value)), { shape } = field;
  const text = JSON.stringify(valueOf(typed, field)) === JSON.stringify(value) ? typed : textOf(value);
  const change = (next: string) => {
    setTyped(next);
    onInput(valueOf(next, field));
  };
  const figures = shape.type === "number" || shape.type === "pair";
  const line = (
    <input
      {...{
        type: "text",
        class: `input ${figures ? "input-figures" : ""}`,
        ...attributes,
        value: text,
        placeholder: leftOut,
        spellcheck: false,
        autocomplete: "off",
        inputMode: shape.type === "number" ? "decimal" : undefined,
        required: field.required,
      }}
      onInput={({ currentTarget }) => change(currentTarget.value)}
    />
  );
  const range = shape.type === "number" ? shape.range : undefined;
  const at = typeof value === "number" ? value : Number(leftOut || NaN);
  const isShare = range?.least === 0 && range.most !== undefined && range.most <= 1;
  if (!isShare || Number.isNaN(at)) return line;
  return (
    <div class="form-share">
      <input
        {...{
          type: "range",
          min: 0,
          max: range.most,
          step: 0.01,
          value: at,
          tabIndex: -1,
          "aria-hidden": "true",
        }}
        onInput={({ currentTarget }) => change(currentTarget.value)}
      />
      {line}
    </div>
  );
}
