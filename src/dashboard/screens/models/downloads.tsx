import { DownloadButton } from "../../parts/download_button.tsx";
import { formatBytes } from "../../parts/format.ts";
import { Section } from "../../parts/section.tsx";
import type { Checkpoint } from "./model_data.ts";

const LAYOUTS = [
  { layout: "torchvision", about: "parameter names of torchvision.models" },
  { layout: "timm", about: 'timm.create_model("local-dir:…")' },
  { layout: "transformers", about: "AutoModel.from_pretrained" },
  { layout: "onnx", about: "ONNX Runtime and whatever reads ONNX" },
] as const;

/** A model for whatever else is to run it: each layout as a tar; and the kept files one by one. */
export function Downloads({ id, files }: { id: string; files: Checkpoint["files"] }) {
  const base = `/v1/checkpoints/${id}`;
  return (
    <Section title="Download">
      <ul class="models-downloads">
        {LAYOUTS.map(({ layout, about }) => (
          <li key={layout}>
            <span class="grow">
              {layout === "onnx" ? "ONNX" : layout} <span class="soft">{about}</span>
            </span>
            {layout === "onnx"
              ? (
                <DownloadButton src={`${base}/files/model.onnx`} name={`${id}.model.onnx`}>
                  model.onnx
                </DownloadButton>
              )
              : (
                <DownloadButton src={`${base}/archive?layout=${layout}`} name={`${id}.${layout}.tar`}>
                  {`${layout}.tar`}
                </DownloadButton>
              )}
          </li>
        ))}
      </ul>
      {files.length > 0 && (
        <details class="models-files">
          <summary>{files.length} files as they are kept</summary>
          <ul class="models-downloads">
            {files.map(({ name, bytes, sha256 }) => (
              <li key={name}>
                <span class="grow" title={`SHA-256 ${sha256}`}>
                  {name} <span class="soft">{formatBytes(bytes)}</span>
                </span>
                <DownloadButton src={`${base}/files/${name}`} name={`${id}.${name}`}>Download</DownloadButton>
              </li>
            ))}
          </ul>
        </details>
      )}
    </Section>
  );
}
