import { useEffect, useState } from "preact/hooks";
import { useQuery } from "../../live/query.ts";
import { toast } from "../../live/toasts.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Select, TextInput } from "../../parts/field.tsx";
import { shortId } from "../../parts/format.ts";
import { Notice } from "../../parts/states.tsx";
import { askCheckpoints, lineOf, type Model, setAlias } from "./model_data.ts";

/** As the server accepts them. */
const ALIAS = /^[a-z0-9][a-z0-9._-]{0,63}$/;
/** Checkpoints that are offered: the newest. */
const OFFERED = 100;

/**
 * Gives a checkpoint a name, or a name another checkpoint; says what that changes before it does.
 *
 * @param alias The name, where that is given. @param names What it names now. @param checkpoint Which, where that is given.
 * @param aliases All that there are, to tell what a name is taken from.
 */
export function SetAliasDialog({ open, alias, names, checkpoint, aliases = [], onClose }: {
  open: boolean;
  alias?: string;
  names?: string;
  checkpoint?: string;
  aliases?: Model[];
  onClose: () => void;
}) {
  const [name, setName] = useState(""), [chosen, setChosen] = useState("");
  const [error, setError] = useState<string>(), [busy, setBusy] = useState(false);
  const asked = useQuery(
    open && !checkpoint ? "checkpoints?offered" : undefined,
    (signal) => askCheckpoints({ limit: OFFERED }, signal),
  );
  useEffect(() => {
    setName(alias ?? "");
    setChosen(checkpoint ?? "");
    setError(undefined);
  }, [open, alias, checkpoint]);
  const offered = (asked.data?.data ?? []).filter(({ id }) => id !== names);
  const now = names ?? aliases.find(({ id }) => id === name)?.checkpoint, target = checkpoint ?? chosen;
  const submit = async (event?: Event) => {
    event?.preventDefault();
    if (busy) return;
    if (!ALIAS.test(name)) {
      return setError("1 to 64 of a–z, 0–9, “.”, “_”, “-”, the first a letter or digit.");
    }
    if (!target) return setError("Choose a checkpoint.");
    setBusy(true);
    try {
      await setAlias(name, target);
      toast(`${name} names ${shortId(target)}`, "good");
      onClose();
    } catch (error) {
      setError((error as Error).message);
    }
    setBusy(false);
  };
  return (
    <Dialog
      title={alias ? `Move ${alias}` : "Serve under a name"}
      open={open}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Leave it</Button>
          <Button kind="primary" busy={busy} needs="admin" onClick={() => submit()}>
            {now ? "Move alias" : "Set alias"}
          </Button>
        </>
      }
    >
      <form class="stack" onSubmit={submit} noValidate>
        {!alias && (
          <TextInput
            {...{ label: "Alias", value: name, onInput: setName, error, placeholder: "photos" }}
            {...{ autocomplete: "off", spellcheck: false, autofocus: true }}
            description="What programs ask for as the model."
          />
        )}
        {!checkpoint && (
          <Select
            {...{ label: "Checkpoint", value: chosen, onInput: setChosen, error: alias ? error : undefined }}
            options={[
              { value: "", text: "Choose one …" },
              ...offered.map((each) => ({ value: each.id, text: lineOf(each) })),
            ]}
            description="The newest hundred."
          />
        )}
        {now && target && now !== target && (
          <Notice tone="warning">
            {name} names {shortId(now)} now. Requests are answered by {shortId(target)}{" "}
            from the next one on; embeddings of two checkpoints do not compare, so an index made by the old
            one is to be made anew.
          </Notice>
        )}
      </form>
    </Dialog>
  );
}
