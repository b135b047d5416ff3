import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Button, IconButton } from "./button.tsx";

/** A question before, or a form above, the page. The browser keeps the focus within, and Escape closes it. */
export function Dialog({ title, open, onClose, children, actions, wide = false }: {
  title: string;
  open: boolean;
  onClose: () => void;
  children: ComponentChildren;
  actions?: ComponentChildren;
  wide?: boolean;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (open && !dialog.current!.open) dialog.current!.showModal();
    if (!open) dialog.current!.close();
  }, [open]);
  return (
    <dialog ref={dialog} class={`dialog ${wide ? "dialog-wide" : ""}`} onClose={onClose} aria-label={title}>
      {open && (
        <>
          <header class="dialog-head">
            <h2>{title}</h2>
            <IconButton icon="close" label="Close" onClick={onClose} />
          </header>
          <div class="dialog-body">{children}</div>
          {actions && <footer class="dialog-foot">{actions}</footer>}
        </>
      )}
    </dialog>
  );
}

/** Asks before something that cannot be taken back. @param act What the button that does it says: "Delete dataset". */
export function ConfirmDialog({ title, act, open, onClose, onConfirm, children, busy }: {
  title: string;
  act: string;
  open: boolean;
  onClose: () => void;
  onConfirm: () => void;
  children: ComponentChildren;
  busy?: boolean;
}) {
  const actions = (
    <>
      <Button onClick={onClose}>Keep it</Button>
      <Button kind="danger" busy={busy} onClick={onConfirm}>{act}</Button>
    </>
  );
  return <Dialog {...{ title, open, onClose, actions }}>{children}</Dialog>;
}
