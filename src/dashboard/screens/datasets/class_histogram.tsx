import { useMemo, useState } from "preact/hooks";
import { Select, TextInput } from "../../parts/field.tsx";
import { formatCount } from "../../parts/format.ts";
import { VirtualList } from "../../parts/virtual.tsx";
import { classCounts, type ClassOrder, orderClasses } from "./class_counts.ts";
import type { Dataset } from "./dataset.ts";

const ORDERS: { value: ClassOrder; text: string }[] = [
  { value: "most", text: "Most images first" },
  { value: "fewest", text: "Fewest first" },
  { value: "name", text: "By name" },
];
/** From how many classes on they can be searched. */
const MANY = 12;

/** How many images each class has, as bars; one that is pressed filters. */
export function ClassHistogram({ splits, split, chosen, onChoose }: {
  splits: Dataset["splits"];
  /** The split that is looked at; all, if there is none. */
  split: string | undefined;
  /** The class that is filtered by: null is those without one. */
  chosen: string | null | undefined;
  onChoose: (name: string | null | undefined) => void;
}) {
  const [order, setOrder] = useState<ClassOrder>("most"), [text, setText] = useState("");
  const counts = useMemo(() => orderClasses(classCounts(splits, split), order), [splits, split, order]);
  const wanted = text.trim().toLowerCase();
  const rows = wanted ? counts.filter(({ name }) => name?.toLowerCase().includes(wanted)) : counts;
  const most = counts.reduce((most, { images }) => Math.max(most, images), 1);
  const all = counts.reduce((sum, { images }) => sum + images, 0);
  return (
    <>
      <div class="datasets-classes-tools">
        <Select label="Order of the classes" hideLabel value={order} onInput={setOrder} options={ORDERS} />
        {counts.length > MANY && (
          <TextInput
            {...{ label: "Find a class", hideLabel: true, type: "search", placeholder: "Find a class" }}
            {...{ value: text, onInput: setText }}
          />
        )}
      </div>
      {rows.length === 0 && <p class="datasets-none soft">No class is called that</p>}
      <VirtualList
        {...{ label: "Classes", rows, rowHeight: 28, height: "var(--datasets-classes-height)" }}
        keyOf={({ name }) => name ?? "\0"}
        render={({ name, images }) => (
          <button
            type="button"
            class="datasets-class"
            aria-pressed={name === chosen}
            title={`${name ?? "without a class"}: ${formatCount(images)} images, ${
              (100 * images / all).toFixed(1)
            } %`}
            onClick={() => onChoose(name === chosen ? undefined : name)}
          >
            <span class="datasets-bar" style={{ width: `${100 * images / most}%` }} />
            <span class={`one-line ${name === null ? "soft" : ""}`}>{name ?? "without a class"}</span>
            <span class="figures">{formatCount(images)}</span>
          </button>
        )}
      />
    </>
  );
}
