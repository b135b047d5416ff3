import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";

interface FieldProps {
  label: string;
  /** What it means, below its label. */
  description?: ComponentChildren;
  /** What is wrong with it; said to screen readers with the field. */
  error?: string;
  /** Shown after the label: a unit, "optional". */
  note?: ComponentChildren;
  /** The label is for screen readers only: in toolbars, where it is plain. */
  hideLabel?: boolean;
}
type Described = { id: string; "aria-describedby"?: string; "aria-invalid"?: "true" };

/** A labelled control. @param children Gets the attributes that tie it to label, description and error. */
export function Field({ label, description, error, note, hideLabel, children }: FieldProps & {
  children: (attributes: Described) => ComponentChildren;
}) {
  const id = useId(),
    about = [description && `${id}-about`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div class={`field ${error ? "field-wrong" : ""}`}>
      <label for={id} class={hideLabel ? "unseen" : undefined}>
        {label}
        {note && " "}
        {note && <small>{note}</small>}
      </label>
      {children({ id, "aria-describedby": about || undefined, "aria-invalid": error ? "true" : undefined })}
      {description && <p class="field-about" id={`${id}-about`}>{description}</p>}
      {error && <p class="field-error" id={`${id}-error`}>{error}</p>}
    </div>
  );
}

type InputProps = Omit<JSX.InputHTMLAttributes<HTMLInputElement>, "value" | "onInput" | "label" | "onChange">;

/** A line of text; `onInput` gets it with every letter. */
export function TextInput(
  { value, onInput, label, description, error, note, hideLabel, ...rest }: FieldProps & InputProps & {
    value: string;
    onInput: (value: string) => void;
  },
) {
  return (
    <Field {...{ label, description, error, note, hideLabel }}>
      {(attributes) => (
        <input
          type="text"
          class="input"
          {...rest}
          {...attributes}
          value={value}
          onInput={(e) => onInput(e.currentTarget.value)}
        />
      )}
    </Field>
  );
}

/** A number, or undefined while there is none to read. */
export function NumberInput(
  { value, onInput, label, description, error, note, hideLabel, ...rest }: FieldProps & InputProps & {
    value: number | undefined;
    onInput: (value: number | undefined) => void;
  },
) {
  return (
    <Field {...{ label, description, error, note, hideLabel }}>
      {(attributes) => (
        <input
          {...{
            type: "number",
            class: "input input-figures",
            step: "any",
            ...rest,
            ...attributes,
            value: value ?? "",
          }}
          onInput={({ currentTarget: { valueAsNumber } }) =>
            onInput(Number.isNaN(valueAsNumber) ? undefined : valueAsNumber)}
        />
      )}
    </Field>
  );
}

/** One of a few. @param options Values, or values with what is shown for them. */
export function Select<T extends string>(
  { value, onInput, options, label, description, error, note, hideLabel }: FieldProps & {
    value: T;
    onInput: (value: T) => void;
    options: readonly (T | { value: T; text: string })[];
  },
) {
  return (
    <Field {...{ label, description, error, note, hideLabel }}>
      {(attributes) => (
        <select
          class="input"
          {...attributes}
          value={value}
          onChange={(e) => onInput(e.currentTarget.value as T)}
        >
          {options.map((option) => {
            const { value: each, text } = typeof option === "string"
              ? { value: option, text: option }
              : option;
            return <option key={each} value={each} selected={each === value}>{text}</option>;
          })}
        </select>
      )}
    </Field>
  );
}

/** Yes or no. */
export function CheckBox({ checked, onInput, label, description }: {
  checked: boolean;
  onInput: (checked: boolean) => void;
  label: ComponentChildren;
  description?: ComponentChildren;
}) {
  const id = useId();
  return (
    <div class="check">
      <input
        {...{ type: "checkbox", id, checked, "aria-describedby": description ? `${id}-about` : undefined }}
        onChange={(e) => onInput(e.currentTarget.checked)}
      />
      <label for={id}>{label}</label>
      {description && <p class="field-about" id={`${id}-about`}>{description}</p>}
    </div>
  );
}
