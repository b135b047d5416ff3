import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";

/**
 * Takes a file that is dropped on it, or chosen by its button.
 *
 * @param label What it takes, for screen readers. @param accept As of an `<input type=file>`.
 */
export function DropZone({ label, accept, onFile, disabled = false, children, class: extra = "" }: {
  label: string;
  accept?: string;
  onFile: (file: File) => void;
  disabled?: boolean;
  children: ComponentChildren;
  class?: string;
}) {
  const input = useRef<HTMLInputElement>(null), [over, setOver] = useState(false);
  const take = (files: FileList | null | undefined) => {
    const file = files?.[0];
    if (file && !disabled) onFile(file);
  };
  return (
    <div
      class={`drop ${over ? "drop-over" : ""} ${extra}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(!disabled);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer?.files);
      }}
    >
      <input
        {...{
          ref: input,
          type: "file",
          accept,
          class: "unseen",
          tabIndex: -1,
          "aria-label": label,
          disabled,
        }}
        onChange={({ currentTarget }) => {
          take(currentTarget.files);
          currentTarget.value = ""; // the same file may be chosen again
        }}
      />
      <button type="button" class="drop-button" disabled={disabled} onClick={() => input.current!.click()}>
        {children}
      </button>
    </div>
  );
}
