import type { ComponentChildren, JSX } from "preact";
import { can, type Scope } from "../live/session.ts";
import { Icon, type IconName } from "./icon.tsx";

interface Common {
  onClick?: (event: MouseEvent) => void;
  /** The scope that what it does needs of the key; without it the button is there, says why, and does nothing. */
  needs?: Scope;
  /** Why it does nothing at the moment; shown as its title. */
  blocked?: string | false;
  /** What it does is under way: it waits, and is not to be pressed again. */
  busy?: boolean;
  title?: string;
}
interface ButtonProps extends Common {
  children: ComponentChildren;
  kind?: "plain" | "primary" | "danger" | "quiet";
  size?: "small" | "normal";
  icon?: IconName;
  type?: "button" | "submit";
  /** Where it leads, if it is a link that looks like a button. */
  href?: string;
}

/** Why a button is not to be pressed: it stays in the order of tabs, so that keyboards come to read that too. */
function reasonOf({ needs, blocked }: Common): string | undefined {
  if (needs && !can(needs)) return `This needs a key with the scope "${needs}"; yours has not`;
  return blocked || undefined;
}

/** A button with words. */
export function Button(
  { children, kind = "plain", size = "normal", icon, type = "button", href, ...rest }: ButtonProps,
) {
  const content = (
    <>
      {rest.busy ? <span class="spinner" aria-hidden="true" /> : icon && <Icon name={icon} size={14} />}
      <span>{children}</span>
    </>
  );
  const look = `button button-${kind} button-${size}`, reason = reasonOf(rest);
  if (href && !reason) return <a class={look} href={href} title={rest.title}>{content}</a>;
  return <button type={type} class={look} {...pressing(rest, reason)}>{content}</button>;
}

/** A button that is a picture: `label` is what screen readers say, and its title. */
export function IconButton({ icon, label, ...rest }: Common & { icon: IconName; label: string }) {
  const reason = reasonOf(rest);
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={label}
      {...pressing({ title: label, ...rest }, reason)}
    >
      {rest.busy ? <span class="spinner" aria-hidden="true" /> : <Icon name={icon} />}
    </button>
  );
}

function pressing(
  { onClick, busy, title }: Common,
  reason: string | undefined,
): JSX.HTMLAttributes<HTMLButtonElement> {
  const inert = reason !== undefined || busy;
  return {
    ...{
      title: reason ?? title,
      "aria-disabled": inert ? "true" : undefined,
      "aria-busy": busy ? "true" : undefined,
    },
    onClick: (event) => inert ? event.preventDefault() : onClick?.(event),
  };
}
