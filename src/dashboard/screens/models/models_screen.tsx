import { useState } from "preact/hooks";
import { setQuery } from "../../live/address.ts";
import { Button } from "../../parts/button.tsx";
import { PageHead, Section } from "../../parts/section.tsx";
import { EmptyState, Loaded } from "../../parts/states.tsx";
import type { ScreenProps } from "../../screen_props.ts";
import { AliasTable } from "./alias_table.tsx";
import { CheckpointTable } from "./checkpoint_table.tsx";
import { Comparison, MOST_COMPARED } from "./comparison.tsx";
import { ImportDialog } from "./import_dialog.tsx";
import { type Checkpoint, useAliases } from "./model_data.ts";
import { SetAliasDialog } from "./set_alias_dialog.tsx";

/** What is served by which name, and all that could be. */
export function Screen({ query }: ScreenProps) {
  const aliases = useAliases(), [importing, setImporting] = useState(false);
  const [serving, setServing] = useState<Pick<Checkpoint, "id">>();
  const compared = (query.get("compare") ?? "").split(",").filter(Boolean).slice(0, MOST_COMPARED);
  const compare = (ids: string[]) => setQuery({ compare: ids.join(",") });
  return (
    <>
      <PageHead
        title="Models"
        note="A checkpoint is a model; an alias is a name for one, which clients ask for and you move."
        actions={
          <Button icon="upload" needs="train" onClick={() => setImporting(true)}>Import a checkpoint</Button>
        }
      />
      <div class="stack">
        <Section title="Aliases" note="figures of the last five minutes" flush>
          <Loaded query={aliases}>
            {(models) =>
              models.length > 0
                ? <AliasTable models={models} />
                : (
                  <EmptyState icon="models" title="No model has a name yet">
                    Choose a checkpoint below and serve it under one, such as{" "}
                    <code>photos</code>: programs ask for that name, whatever checkpoint it names later.
                  </EmptyState>
                )}
          </Loaded>
        </Section>
        {compared.length > 0 && <Comparison ids={compared} aliases={aliases.data ?? []} onChange={compare} />}
        <CheckpointTable
          {...{ aliases: aliases.data ?? [], compared, onCompare: compare, onServe: setServing }}
          onImport={() => setImporting(true)}
        />
      </div>
      <ImportDialog open={importing} onClose={() => setImporting(false)} />
      <SetAliasDialog
        open={serving !== undefined}
        checkpoint={serving?.id}
        aliases={aliases.data ?? []}
        onClose={() => setServing(undefined)}
      />
    </>
  );
}
