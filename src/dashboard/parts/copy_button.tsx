import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { toast } from "../live/toasts.ts";
import { Button, IconButton } from "./button.tsx";
import { shortId } from "./format.ts";

/** Puts text into the clipboard; says so. A page that is not of https or localhost has no clipboard: it selects a field. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}

/** Copies `text`. @param label What is copied, for screen readers: "Copy the id". @param children Its words; else a picture. */
export function CopyButton(
  { text, label, children }: { text: string; label: string; children?: ComponentChildren },
) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    if (!await copyText(text)) {
      return toast("The browser does not let this page copy: select the text instead", "bad");
    }
    setCopied(true);
    toast("Copied", "good");
    setTimeout(() => setCopied(false), 1500);
  };
  const icon = copied ? "check" : "copy";
  return children
    ? <Button icon={icon} size="small" title={label} onClick={copy}>{children}</Button>
    : <IconButton icon={icon} label={label} onClick={copy} />;
}

/** An id, its middle left out, whole in its title and when copied. @param to Where it leads. */
export function Id({ id, to, copy = false }: { id: string; to?: string; copy?: boolean }) {
  const text = <code class="id" title={id}>{shortId(id)}</code>;
  return (
    <span class="id-line">
      {to ? <a href={to}>{text}</a> : text}
      {copy && <CopyButton text={id} label={`Copy ${id}`} />}
    </span>
  );
}

/** Code to be pasted elsewhere. @param language Said above it: "curl", "Python". */
export function CodeSnippet({ code, language }: { code: string; language: string }) {
  return (
    <figure class="snippet">
      <figcaption>
        <span>{language}</span>
        <CopyButton text={code} label={`Copy the ${language} snippet`} />
      </figcaption>
      <pre tabIndex={0}><code>{code}</code></pre>
    </figure>
  );
}
