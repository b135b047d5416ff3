import { signal } from "@preact/signals";
import { useLayoutEffect, useState } from "preact/hooks";
import { can } from "../../live/session.ts";
import { Button } from "../../parts/button.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Notice } from "../../parts/states.tsx";
import { type Chosen, chosenOf, droppedFiles, placed, type PlacedFile } from "./chosen_files.ts";
import { FilePicker } from "./file_picker.tsx";

/** Whether files are held over the page. */
const over = signal(false);

/**
 * Where archives, images and folders are dropped, or chosen: the whole window takes a drop while it is on the screen.
 *
 * @param onChosen Called with what they are.
 * @param what Says what to drop.
 */
export function UploadBox({ onChosen, what = "Drop images, a folder, or an archive of them" }: {
  onChosen: (chosen: Chosen) => void;
  what?: string;
}) {
  const [error, setError] = useState<string>(), [reading, setReading] = useState(false);
  const take = async (files: PlacedFile[] | Promise<PlacedFile[]>) => {
    setReading(true);
    setError(undefined);
    try {
      const found = await files;
      if (found.length > 0) onChosen(chosenOf(found));
    } catch (error) {
      setError((error as Error).message);
    } finally {
      setReading(false);
    }
  };
  useDrops((data) => void take(droppedFiles(data)));
  if (!can("train")) {
    return (
      <Notice tone="warning">
        Your key may look, but not upload: that needs the scope <code>train</code>.
      </Notice>
    );
  }
  return (
    <div class="stack">
      <div class={`datasets-drop ${over.value ? "datasets-drop-over" : ""}`}>
        <span class="datasets-drop-icon">
          <Icon name="upload" size={20} />
        </span>
        <p class="datasets-drop-title">
          {reading ? "Looking through the files …" : what}
        </p>
        <p class="soft">
          tar, tar.gz, zip or Parquet; PNG, JPEG, GIF, TIFF, WebP, BMP or PNM. Folders may name splits and
          classes: <code>train/cat/1.jpg</code>
        </p>
        <div class="row">
          <FilePicker label="Choose files" onFiles={(files) => void take(placed(files))}>
            {(open) => <Button icon="image" busy={reading} onClick={open}>Choose files</Button>}
          </FilePicker>
          <FilePicker label="Choose a folder" folder onFiles={(files) => void take(placed(files))}>
            {(open) => <Button icon="datasets" busy={reading} onClick={open}>Choose a folder</Button>}
          </FilePicker>
        </div>
      </div>
      {error && (
        <div role="alert">
          <Notice tone="bad">{error}</Notice>
        </div>
      )}
    </div>
  );
}

/** Has the window take files that are dropped on it, instead of the browser opening them. */
function useDrops(onDrop: (data: DataTransfer) => void): void {
  useLayoutEffect(() => { // as soon as it says so
    const own = new AbortController(), { signal } = own;
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const hold = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      over.value = can("train");
    };
    addEventListener("dragenter", hold, { signal });
    addEventListener("dragover", hold, { signal });
    addEventListener("dragleave", (event) => {
      if (event.relatedTarget === null) over.value = false; // it has left the window
    }, { signal });
    addEventListener("drop", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      over.value = false;
      if (can("train")) onDrop(event.dataTransfer!);
    }, { signal });
    return () => {
      own.abort();
      over.value = false;
    };
  });
}
