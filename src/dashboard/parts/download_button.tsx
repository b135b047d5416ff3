import { useState } from "preact/hooks";
import { Refused } from "../../client/client.ts";
import { authorization, usesKey } from "../live/session.ts";
import { toast } from "../live/toasts.ts";
import { Button } from "./button.tsx";

/**
 * Fetches one of the API's files to be kept. Where a key is in use a link cannot send it, so the page fetches the file and
 * hands it on.
 *
 * @param src Its path. @param name What it is to be called.
 */
export function DownloadButton(
  { src, name, children, title }: { src: string; name: string; children: string; title?: string },
) {
  const [busy, setBusy] = useState(false);
  const look = { icon: "download", size: "small", title: title ?? name } as const;
  if (!usesKey()) {
    return (
      <a class="button button-plain button-small" href={src} download={name} title={look.title}>{children}</a>
    );
  }
  const fetchFile = async () => {
    setBusy(true);
    try {
      const response = await fetch(src, { headers: authorization() });
      if (!response.ok) throw await Refused.of(response);
      const url = URL.createObjectURL(await response.blob()), link = document.createElement("a");
      Object.assign(link, { href: url, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    } catch (error) {
      toast(error instanceof TypeError ? "The server does not answer" : (error as Error).message, "bad");
    }
    setBusy(false);
  };
  return <Button {...look} busy={busy} onClick={fetchFile}>{children}</Button>;
}
