import { assert, assertEquals, assertRejects } from "@std/assert";
import { unpackTar } from "modern-tar";
import { formArchive } from "../../../src/data/form_archive.ts";
import { DomainError } from "../../../src/domain/errors.ts";
import { concat, IMAGE, samplesOf, text } from "./archive_scene.ts";

/** A form's body as a client writes it, and its boundary. */
async function formOf(files: [path: string, body: Uint8Array<ArrayBuffer>][]) {
  const form = new FormData();
  form.append("comment", "not a file");
  for (const [path, body] of files) form.append("file", new File([body], path));
  const request = new Request("http://x/", { method: "POST", body: form });
  const boundary = request.headers.get("Content-Type")!.split("boundary=")[1];
  return { bytes: new Uint8Array(await request.arrayBuffer()), boundary };
}
async function* inPieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const archiveOf = async (bytes: Uint8Array, boundary: string, size = 64) =>
  concat(await Array.fromAsync(formArchive(inPieces(bytes, size), boundary)));

Deno.test("a form's files become an archive under their names, however its bytes come", async () => {
  const long = `train/cat/${"x".repeat(200)}.png`;
  const { bytes, boundary } = await formOf([
    ["train/cat/1.png", IMAGE],
    ["test/Hund ü/2.png", text("--and dashes\r\n--")],
    [long, new Uint8Array(5000)],
  ]);
  const whole = await archiveOf(bytes, boundary, bytes.length);
  for (const size of [1, 7, 512, 5000]) assertEquals(await archiveOf(bytes, boundary, size), whole);
  for (const { header } of await unpackTar(whole)) {
    assertEquals(header.mtime?.getTime(), 0, "the clock's time");
  }
  const behind = concat([bytes, text("\r\nwhat follows the last boundary")]);
  assertEquals(await archiveOf(behind, boundary, 11), whole);
  assertEquals(await samplesOf(whole), [
    ["train/cat/1.png", "train", "cat"],
    ["test/Hund ü/2.png", "test", "Hund ü"],
    [long, "train", "cat"],
  ]);
});

Deno.test("a form that breaks off, has no files or is none is malformed", async () => {
  const { bytes, boundary } = await formOf([["a.png", IMAGE]]);
  const refusal = async (bytes: Uint8Array, name = boundary) => {
    const error = await assertRejects(() => archiveOf(bytes, name), DomainError) as DomainError;
    return [error.code, error.message.replace("Cannot read the form: ", "")];
  };
  for (const length of [10, bytes.length - 60, bytes.length - 5]) {
    assertEquals(await refusal(bytes.subarray(0, length)), ["malformed", "it ends before its last boundary"]);
  }
  assertEquals((await refusal((await formOf([])).bytes, "another"))[0], "malformed");
  const none = await formOf([]);
  assert((await refusal(none.bytes, none.boundary))[1].startsWith("it has no files"));
  assertEquals(
    (await refusal(text("noise, and no boundary in it, but long enough to be looked at")))[0],
    "malformed",
  );
});
