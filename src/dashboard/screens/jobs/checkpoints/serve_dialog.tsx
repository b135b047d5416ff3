import { useState } from "preact/hooks";
import { href } from "../../../live/address.ts";
import { invalidate, useQuery } from "../../../live/query.ts";
import { calls, dataOf } from "../../../live/session.ts";
import { toast } from "../../../live/toasts.ts";
import { Button } from "../../../parts/button.tsx";
import { Dialog } from "../../../parts/dialog.tsx";
import { TextInput } from "../../../parts/field.tsx";
import { shortId } from "../../../parts/format.ts";
import { Notice } from "../../../parts/states.tsx";
import type { Checkpoint } from "./checkpoint.ts";

/** Lets an alias name a checkpoint, under which it is asked for embeddings. */
export function ServeDialog(
  { checkpoint, onClose }: { checkpoint: Checkpoint | undefined; onClose: () => void },
) {
  const [alias, setAlias] = useState(""),
    [error, setError] = useState<string>(),
    [busy, setBusy] = useState(false);
  const [served, setServed] = useState<string>();
  const models = useQuery(
    checkpoint ? "models?aliases" : undefined,
    async (signal) =>
      (await dataOf(calls().GET("/v1/models", { params: { query: { limit: 1000 } }, signal }))).data,
  );
  const close = () => {
    for (const clear of [setError, setServed]) clear(undefined);
    setAlias("");
    onClose();
  };
  const now = models.data?.find(({ id }) => id === alias);
  const send = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      const params = { path: { id: alias } }, body = { checkpoint: checkpoint!.id };
      await dataOf(calls().PUT("/v1/models/{id}", { params, body }));
      invalidate("models");
      toast(`${alias} is served`, "good");
      setServed(alias);
    } catch (error) {
      setError((error as Error).message);
    }
    setBusy(false);
  };
  return (
    <Dialog title="Serve this checkpoint" open={checkpoint !== undefined} onClose={close}>
      {checkpoint && (served
        ? (
          <>
            <Notice tone="good">
              <code>{served}</code> names {shortId(checkpoint.id)} from now on: requests for embeddings with
              {" "}
              <code>"model": "{served}"</code> are answered by it.
            </Notice>
            <div class="row">
              <Button kind="primary" href={href(`/models/${served}`)}>Open the model</Button>
              <Button onClick={close}>Close</Button>
            </div>
          </>
        )
        : (
          <form class="stack" onSubmit={send}>
            <TextInput
              {...{ label: "Alias", value: alias, onInput: setAlias, error, autoFocus: true, required: true }}
              {...{ placeholder: "photos-v1", maxLength: 64, autoComplete: "off", spellcheck: false }}
              description="1 to 64 of a–z, 0–9, . _ -; programs ask for the model by it, whatever it names"
            />
            {now && (
              <Notice tone="warning">
                <code>{alias}</code> exists, and will name this checkpoint instead of what it names now.
              </Notice>
            )}
            <div class="row">
              <Button
                kind="primary"
                type="submit"
                needs="admin"
                busy={busy}
                blocked={alias === "" && "Give it a name first"}
              >
                {now ? "Move the alias here" : "Serve"}
              </Button>
              <Button onClick={close}>Not now</Button>
            </div>
          </form>
        ))}
    </Dialog>
  );
}
