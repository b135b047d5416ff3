import { useState } from "preact/hooks";
import { invalidate } from "../../live/query.ts";
import { calls } from "../../live/session.ts";
import { toast } from "../../live/toasts.ts";
import { shortId } from "../../parts/format.ts";
import type { IconName } from "../../parts/icon.tsx";
import { ConfirmDialog, Dialog } from "../../parts/dialog.tsx";
import { Button, IconButton } from "../../parts/button.tsx";
import { type Model, setAlias } from "./model_data.ts";
import { SetAliasDialog } from "./set_alias_dialog.tsx";

/** A button for what only an admin may do: with a word, or as a picture. */
function Act({ word, label, kind, ...rest }: {
  icon: IconName;
  word: string | false;
  label: string;
  kind?: "danger";
  blocked?: string | false;
  onClick: () => void;
}) {
  if (!word) return <IconButton {...rest} label={label} needs="admin" />;
  return <Button {...rest} kind={kind} title={label} needs="admin">{word}</Button>;
}

/** Move, roll back and drop: each asks first. */
export function AliasActions(
  { model, onDropped, words = false }: {
    model: Model;
    onDropped?: () => void;
    /** Buttons with words, where there is room for them. */
    words?: boolean;
  },
) {
  const { id: alias, checkpoint, previous } = model;
  const [asking, setAsking] = useState<"move" | "back" | "drop">(), [busy, setBusy] = useState(false);
  const close = () => setAsking(undefined);
  const act = async (change: () => Promise<unknown>, done: string) => {
    setBusy(true);
    try {
      await change();
      toast(done, "good");
      close();
    } catch (error) {
      toast((error as Error).message, "bad");
    }
    setBusy(false);
  };
  const rollBack = () => act(() => setAlias(alias, previous!), `${alias} names ${shortId(previous!)} again`);
  const drop = () =>
    act(async () => {
      await calls().DELETE("/v1/models/{id}", { params: { path: { id: alias } } });
      onDropped?.();
      invalidate("models");
    }, `${alias} is dropped`);
  return (
    <span class="models-actions">
      <Act
        {...{ icon: "move", word: words && "Move", label: `Move ${alias} to another checkpoint` }}
        onClick={() => setAsking("move")}
      />
      <Act
        {...{ icon: "back", word: words && "Roll back", label: `Roll ${alias} back` }}
        blocked={!previous && "It named nothing before that is still there"}
        onClick={() => setAsking("back")}
      />
      <Act
        {...{ icon: "trash", word: words && "Drop", label: `Drop ${alias}`, kind: "danger" }}
        onClick={() => setAsking("drop")}
      />
      <SetAliasDialog open={asking === "move"} alias={alias} names={checkpoint} onClose={close} />
      <Dialog
        title={`Roll ${alias} back?`}
        open={asking === "back"}
        onClose={close}
        actions={
          <>
            <Button onClick={close}>Leave it</Button>
            <Button kind="primary" busy={busy} onClick={rollBack}>Roll back</Button>
          </>
        }
      >
        <p>
          Requests for <strong>{alias}</strong> are answered by <code>{previous && shortId(previous)}</code>
          {" "}
          again instead of{" "}
          <code>{shortId(checkpoint)}</code>, from the next one on. You can go forward again the same way.
        </p>
      </Dialog>
      <ConfirmDialog
        {...{ title: `Drop ${alias}?`, act: "Drop alias", open: asking === "drop", busy }}
        onClose={close}
        onConfirm={drop}
      >
        <p>
          Programs that ask for <strong>{alias}</strong>{" "}
          are refused (404) from then on. The checkpoint itself stays.
        </p>
      </ConfirmDialog>
    </span>
  );
}
