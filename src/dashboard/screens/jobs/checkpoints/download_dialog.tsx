import { FilesTable } from "../files_table.tsx";
import { Dialog } from "../../../parts/dialog.tsx";
import { DownloadButton } from "../../../parts/download_button.tsx";
import { Table } from "../../../parts/table.tsx";
import type { Checkpoint } from "./checkpoint.ts";

const ABOUT = {
  torchvision: "safetensors by torchvision's names, as kept",
  timm: 'for timm.create_model("local-dir:…")',
  transformers: "for AutoModel.from_pretrained",
  onnx: "model.onnx, for ONNX Runtime",
};

/** A checkpoint's files, one by one or as an archive in the layout of another program. */
export function DownloadDialog(
  { checkpoint, onClose }: { checkpoint: Checkpoint | undefined; onClose: () => void },
) {
  return (
    <Dialog title="Download a checkpoint" open={checkpoint !== undefined} onClose={onClose} wide>
      {checkpoint && <Files checkpoint={checkpoint} />}
    </Dialog>
  );
}

function Files({ checkpoint: { id, files, arch } }: { checkpoint: Checkpoint }) {
  // Those programs have no architecture with the stem for small images.
  const small = arch.startsWith("cifar_");
  const layouts = Object.entries(ABOUT).filter(([layout]) =>
    !small || layout === "torchvision" || layout === "onnx"
  );
  return (
    <>
      <h3>As an archive</h3>
      <Table
        caption="Archives"
        columns={[
          { id: "layout", head: "Layout", main: true, cell: ([layout]) => layout },
          { id: "about", head: "What it is for", cell: ([, about]) => about },
          {
            id: "get",
            head: <span class="unseen">Download</span>,
            figures: true,
            cell: ([layout]) => (
              <DownloadButton
                src={`/v1/checkpoints/${id}/archive?layout=${layout}`}
                name={`${id}-${layout}.tar`}
              >
                {`${layout}.tar`}
              </DownloadButton>
            ),
          },
        ]}
        rows={layouts}
        keyOf={([layout]) => layout}
      />
      {small && (
        <p class="field-about">
          timm and transformers have no {arch}; its weights load by torchvision's names.
        </p>
      )}
      <h3>File by file</h3>
      <FilesTable under={`/v1/checkpoints/${id}/files`} files={files} />
    </>
  );
}
