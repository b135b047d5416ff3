import { useState } from "preact/hooks";
import { toast } from "../../live/toasts.ts";
import { Button } from "../../parts/button.tsx";
import { CheckBox, NumberInput, Select, TextInput } from "../../parts/field.tsx";
import { formatBytes, formatCount } from "../../parts/format.ts";
import { type Chosen, foldersOf } from "./chosen_files.ts";
import { orderOf } from "./upload_order.ts";
import type { Format, UploadSettings } from "./upload_settings.ts";
import { beginUpload } from "./upload_tasks.ts";

const FORMATS: { value: Format | ""; text: string }[] = [
  { value: "", text: "told by its content" },
  { value: "imagefolder", text: "folders of images" },
  { value: "webdataset", text: "WebDataset" },
  { value: "cifar10", text: "CIFAR's binary version" },
  { value: "parquet", text: "Parquet" },
];
/** The server's defaults, as its document has them. */
const DEFAULTS = { short_side: 256, max_rejected: 0.01 };

/** What is to become of the chosen files: a name, and how they are taken in. */
export function UploadForm({ chosen, onDone }: { chosen: Chosen; onDone: () => void }) {
  const [name, setName] = useState(chosen.name.slice(0, 200));
  const [format, setFormat] = useState<Format | "">("");
  const [side, setSide] = useState<number | undefined>(DEFAULTS.short_side);
  const [rejected, setRejected] = useState<number | undefined>(100 * DEFAULTS.max_rejected);
  const [originals, setOriginals] = useState(false);
  const [packed, setPacked] = useState<number>();
  const wrongSide = side === undefined || !Number.isInteger(side) || side < 32 || side > 2048;
  const wrongRejected = rejected === undefined || rejected < 0 || rejected > 100;
  const wrong = name.trim() === "" || wrongSide || wrongRejected;
  const upload = async () => {
    if (wrong) return;
    const settings: UploadSettings = {
      ...{ name: name.trim(), short_side: side, max_rejected: rejected / 100, originals },
      ...(chosen.kind === "archive" && format && { format }),
    };
    setPacked(0);
    try {
      const order = await orderOf(chosen, setPacked);
      onDone();
      await beginUpload({ ...order, settings });
    } catch (error) {
      setPacked(undefined);
      toast((error as Error).message, "bad");
    }
  };
  return (
    <form
      class="stack"
      aria-label="New dataset"
      onSubmit={(event) => {
        event.preventDefault();
        void upload();
      }}
    >
      <ChosenNote chosen={chosen} />
      <div class="datasets-form">
        <TextInput
          {...{ label: "Name", value: name, onInput: setName, maxLength: 200 }}
          error={name.trim() === "" ? "It needs a name" : undefined}
        />
        {chosen.kind === "archive" && (
          <Select label="Format" value={format} onInput={setFormat} options={FORMATS} />
        )}
        <NumberInput
          {...{ label: "Short side", note: "px", value: side, onInput: setSide, min: 32, max: 2048, step: 1 }}
          description="Larger images are shrunk to it"
          error={wrongSide ? "A whole number from 32 to 2048" : undefined}
        />
        <NumberInput
          {...{
            label: "May be rejected",
            note: "%",
            value: rejected,
            onInput: setRejected,
            min: 0,
            max: 100,
          }}
          description="With more files that are no images it fails"
          error={wrongRejected ? "From 0 to 100" : undefined}
        />
      </div>
      <CheckBox
        {...{ checked: originals, onInput: setOriginals, label: "Keep the original files" }}
        description="Beside their pixels, for download: takes as much room again as the upload"
      />
      <div class="row">
        <Button kind="primary" icon="upload" type="submit" needs="train" busy={packed !== undefined}>
          {packed ? `Packing ${formatCount(packed)} …` : "Upload"}
        </Button>
        <Button onClick={onDone}>Choose something else</Button>
      </div>
    </form>
  );
}

/** What has been chosen, in words. */
export function ChosenNote({ chosen }: { chosen: Chosen }) {
  if (chosen.kind === "archive") {
    return (
      <p>
        <b class="datasets-name">{chosen.file.name}</b>{" "}
        <span class="soft">{formatBytes(chosen.file.size)}</span>
      </p>
    );
  }
  const { folders, more } = foldersOf(chosen.files, 6);
  return (
    <div>
      <p>
        <b>{formatCount(chosen.files.length)} files</b> <span class="soft">{formatBytes(chosen.bytes)}</span>
        {chosen.leftOut > 0 && (
          <span class="soft">
            {" · "}
            {chosen.leftOut === 1
              ? "1 file of another kind"
              : `${formatCount(chosen.leftOut)} files of other kinds`} left out
          </span>
        )}
      </p>
      <ul class="datasets-folders">
        {folders.map(([folder, count]) => (
          <li key={folder}>
            <code>{folder || "without a folder"}</code> <span class="soft">{formatCount(count)}</span>
          </li>
        ))}
        {more > 0 && <li class="soft">and {formatCount(more)} folders more</li>}
      </ul>
    </div>
  );
}
