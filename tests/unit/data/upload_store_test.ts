import { assertEquals, assertRejects } from "@std/assert";
import { Readable } from "node:stream";
import { Upload } from "@tus/server";
import { UploadLocks } from "../../../src/data/upload_locks.ts";
import { UploadStore } from "../../../src/data/upload_store.ts";
import { DomainError } from "../../../src/domain/errors.ts";
import { newId } from "../../../src/domain/ids.ts";

const HOUR = 3600_000;
async function withStore(
  use: (store: UploadStore, directory: string) => Promise<void>,
  lifetimeMs = HOUR,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "latentd-uploads-" });
  try {
    await use(new UploadStore(directory, lifetimeMs), directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
async function anUpload(store: UploadStore, text: string, size = text.length): Promise<string> {
  const id = newId("up");
  await store.create(new Upload({ id, size, offset: 0 }));
  await store.write(Readable.from([new TextEncoder().encode(text)]), id, 0);
  return id;
}
const contents = (directory: string) => [...Deno.readDirSync(directory)].map(({ name }) => name).sort();

Deno.test("UploadStore.take() hands a finished upload over, once", () =>
  withStore(async (store, directory) => {
    const id = await anUpload(store, "hello"), to = `${directory}/taken`;
    assertEquals(await store.take(id, to), 5);
    assertEquals([Deno.readTextFileSync(to), contents(directory)], ["hello", ["taken"]]);
    const code = async (id: string) =>
      (await assertRejects(() => store.take(id, to), DomainError) as DomainError).code;
    assertEquals(await code(id), "not_found");
    assertEquals(await code("../taken"), "not_found");
    assertEquals(await code(await anUpload(store, "hel", 5)), "conflict");
  }));

Deno.test("UploadStore.write() goes on where the upload is, over what a crash has left behind it", () =>
  withStore(async (store, directory) => {
    const id = await anUpload(store, "hel", 5);
    assertEquals((await store.getUpload(id)).offset, 3);
    assertEquals(await store.write(Readable.from([new TextEncoder().encode("lo")]), id, 3), 5);
    assertEquals(Deno.readTextFileSync(`${directory}/${id}`), "hello");
  }));

Deno.test("uploads expire, finished or not", () =>
  withStore(async (store, directory) => {
    await anUpload(store, "hello");
    await anUpload(store, "hel", 5);
    assertEquals([await store.deleteExpired(), contents(directory)], [2, []]);
  }, -1));

Deno.test("uploads that have not expired stay, as does what is being created", () =>
  withStore(async (store, directory) => {
    await anUpload(store, "hel", 5);
    Deno.writeTextFileSync(`${directory}/${newId("up")}`, "");
    assertEquals([await store.deleteExpired(), contents(directory).length], [0, 3]);
  }));

Deno.test("UploadLocks lets one in at a time, in turn, and asks who is in to go", async () => {
  const locks = new UploadLocks(200), never = new AbortController().signal, order: string[] = [];
  const first = locks.newLock("a"), second = locks.newLock("a");
  await first.lock(never, () => void order.push("asked to go"));
  await locks.newLock("b").lock(never, () => {});
  const waiting = second.lock(never, () => {}).then(() => order.push("second"));
  await new Promise((resolve) => setTimeout(resolve, 20));
  order.push("first goes");
  await first.unlock();
  await waiting;
  assertEquals(order, ["asked to go", "first goes", "second"]);
  await assertRejects(() =>
    first.lock(never, () => {}).catch((error) => Promise.reject(new Error(error.body)))
  );
  await second.unlock();
  await first.lock(never, () => {});
});
