import { Id } from "../../parts/copy_button.tsx";
import { formatBytes, formatCount, formatPercent, formatTime } from "../../parts/format.ts";
import { KeyValue, Section } from "../../parts/section.tsx";
import { Table } from "../../parts/table.tsx";
import { orderedSplits } from "./class_counts.ts";
import type { Dataset } from "./dataset.ts";

const channels = (values: readonly number[] | null): string | null =>
  values && values.map((value) => value.toFixed(4)).join(", ");

/** What a dataset was made of, and by what settings. */
export function DatasetDetails({ dataset }: { dataset: Dataset }) {
  const { id, splits, counts, settings, fingerprint } = dataset;
  const rows = orderedSplits(splits).map(([name, split]) => ({ name, ...split }));
  return (
    <div class="columns">
      <Section title="Splits" flush>
        <Table
          caption="Splits"
          columns={[
            { id: "name", head: "Split", main: true, cell: ({ name }) => name },
            { id: "images", head: "Images", figures: true, cell: ({ images }) => formatCount(images) },
            {
              id: "share",
              head: "Share",
              figures: true,
              cell: ({ images }) => formatPercent(counts.images && images / counts.images),
            },
            {
              id: "classes",
              head: "Classes",
              figures: true,
              cell: ({ classes }) => formatCount(Object.keys(classes).length),
            },
          ]}
          rows={rows}
          keyOf={({ name }) => name}
          empty={<p class="datasets-none soft">None yet</p>}
        />
      </Section>
      <Section title="Details">
        <KeyValue
          rows={[
            ["Id", <Id key="id" id={id} copy />],
            ["Created", formatTime(dataset.created_at)],
            ["Size", formatBytes(counts.bytes)],
            ["Channel mean", channels(dataset.channel_mean)],
            ["Channel deviation", channels(dataset.channel_std)],
            ["Short side", `at most ${settings.short_side} px`],
            ["May be rejected", formatPercent(settings.max_rejected)],
            ["Original files", settings.originals ? "kept" : "not kept"],
            ["Read as", settings.format ?? "told by its content"],
            ["Fingerprint", fingerprint && <code key="fingerprint">{fingerprint}</code>],
          ]}
        />
      </Section>
    </div>
  );
}
