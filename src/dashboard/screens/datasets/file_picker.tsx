import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";

/** A button that opens the browser's choice of files. @param folder Of a folder, with all that is in it. */
export function FilePicker({ label, folder = false, multiple = true, onFiles, children }: {
  label: string;
  folder?: boolean;
  multiple?: boolean;
  onFiles: (files: File[]) => void;
  children: (open: () => void) => ComponentChildren;
}) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      {children(() => input.current!.click())}
      <input
        {...{ ref: input, type: "file", multiple, hidden: true, webkitdirectory: folder }}
        aria-label={label}
        onChange={({ currentTarget }) => {
          const files = [...currentTarget.files ?? []];
          currentTarget.value = ""; // the same choice again is a choice too
          if (files.length > 0) onFiles(files);
        }}
      />
    </>
  );
}
