import { useState } from "preact/hooks";
import { session } from "../../live/session.ts";
import { CodeSnippet } from "../../parts/copy_button.tsx";
import { Select } from "../../parts/field.tsx";
import { Section } from "../../parts/section.tsx";
import { Tabs } from "../../parts/tabs.tsx";
import type { Model } from "./model_data.ts";
import { KEY_VARIABLE, snippetsOf } from "./snippet_text.ts";

/** The model in programs: each snippet works as it is pasted. */
export function Snippets({ model: { id, task } }: { model: Model }) {
  const [wanted, setWanted] = useState<Model["task"]>(task), [chosen, setChosen] = useState("curl");
  const { value } = session, keyed = value.state === "ready" && value.name !== null;
  const snippets = snippetsOf({ origin: location.origin, model: id, task: wanted, keyed });
  const shown = snippets.find(({ id }) => id === chosen) ?? snippets[0];
  return (
    <Section
      title="Use it"
      actions={task === "classification" && (
        <Select
          {...{ label: "What it is asked for", hideLabel: true, value: wanted, onInput: setWanted }}
          options={[{ value: "classification", text: "labels" }, { value: "embedding", text: "embeddings" }]}
        />
      )}
    >
      <Tabs label="Programs" tabs={snippets} chosen={shown.id} onChoose={setChosen}>
        <div class="stack">
          <CodeSnippet language={shown.name === "curl" ? "shell" : "TypeScript"} code={shown.code} />
          <p class="soft">
            {shown.note}
            {keyed && (
              <>
                {" "}Set it by <code>export {KEY_VARIABLE}=lat_…</code>; the scope it needs is{" "}
                <code>embed</code>.
              </>
            )}
          </p>
        </div>
      </Tabs>
    </Section>
  );
}
