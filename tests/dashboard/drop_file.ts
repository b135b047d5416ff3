/// <reference lib="dom" />
import type { Page } from "playwright-core";

/** Drops a file on what `selector` finds, as from the desktop. */
export async function dropFile(
  page: Page,
  selector: string,
  { name, type, bytes }: { name: string; type: string; bytes: Uint8Array },
): Promise<void> {
  const dataTransfer = await page.evaluateHandle(({ name, type, base64 }) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name, { type }));
    return data;
  }, { name, type, base64: bytes.toBase64() });
  await page.locator(selector).dispatchEvent("drop", { dataTransfer });
}
