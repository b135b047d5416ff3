import { type ComponentChildren, createContext } from "preact";
import { useContext } from "preact/hooks";
import type { FormField } from "./json_schema.ts";
import type { FieldError, Json } from "./pointers.ts";

/** What the fields of a form share. */
export interface FormState {
  /** What is given, and nothing else. */
  config: Json;
  set(pointer: string, value: unknown): void;
  /** What the server would make of it, where it has said so: shown in fields that are left out. */
  filled?: Json;
  errors: readonly FieldError[];
  /** Another way to enter a field, such as a picker; undefined for the usual one. */
  special?(field: FormField): ((props: SpecialProps) => ComponentChildren) | undefined;
}
/** What a picker gets: attributes that tie it to label and errors, and the value. */
export interface SpecialProps {
  attributes: { id: string; "aria-describedby"?: string; "aria-invalid"?: "true" };
  value: unknown;
  onInput(value: unknown): void;
  /** What is used if nothing is chosen, in words. */
  leftOut: string;
  field: FormField;
}

/** What is said of a field that is left out, while nobody knows what becomes of it. */
export const UNDECIDED = "left to the server";

const Context = createContext<FormState | undefined>(undefined);
export const FormProvider = Context.Provider;

/** The form that a field is in. */
export function useForm(): FormState {
  return useContext(Context)!;
}
