import { dismiss, toasts } from "../live/toasts.ts";
import { IconButton } from "../parts/button.tsx";
import { Icon } from "../parts/icon.tsx";

/** Where toasts appear; what it holds is said by screen readers when they come to it. */
export function Toaster() {
  return (
    <div class="toaster" role="status" aria-live="polite">
      {toasts.value.map(({ id, text, tone }) => (
        <div key={id} class={`toast toast-${tone}`}>
          <Icon name={tone === "good" ? "check" : tone === "bad" ? "warning" : "info"} />
          <span>{text}</span>
          <IconButton icon="close" label="Dismiss" onClick={() => dismiss(id)} />
        </div>
      ))}
    </div>
  );
}
