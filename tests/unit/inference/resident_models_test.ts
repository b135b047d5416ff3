import { assertEquals, assertRejects } from "@std/assert";
import { ResidentModels } from "../../../src/inference/resident_models.ts";

/** Models of `sizes` bytes in a budget of 10; what was loaded, and what went. */
function scene(sizes: Record<string, number>) {
  const loaded: string[] = [], gone: string[] = [];
  const models = new ResidentModels(10, async (id: string, makeRoom) => {
    loaded.push(id);
    await Promise.resolve();
    if (!(id in sizes)) throw new Error(`no ${id}`);
    makeRoom(sizes[id]);
    const model = {
      ...{ heldBytes: sizes[id], destroy: () => void gone.push(id) },
      grow(bytes: number): void {
        makeRoom(bytes);
        model.heldBytes += bytes;
      },
    };
    return model;
  });
  const touch = (id: string) => models.use(id, () => Promise.resolve());
  return { models, loaded, gone, touch };
}

Deno.test("models stay as long as there is room, and the one that was not used for the longest goes first", async () => {
  const { models, loaded, gone, touch } = scene({ a: 4, b: 4, c: 4, d: 2 });
  for (const id of ["a", "b", "a", "c"]) await touch(id);
  assertEquals([loaded, gone], [["a", "b", "c"], ["b"]]);
  await touch("d");
  assertEquals(models.list(), [{ id: "d", bytes: 2 }, { id: "c", bytes: 4 }, { id: "a", bytes: 4 }]);
  assertEquals([models.heldBytes, models.hasRoomFor(0), models.hasRoomFor(1)], [10, true, false]);
  await touch("b");
  assertEquals([loaded, gone], [["a", "b", "c", "d", "b"], ["b", "a"]]);
});

Deno.test("none goes while it is in use, nor itself for what it grows by; what is over goes afterwards", async () => {
  const { models, gone, touch } = scene({ a: 6, b: 6, c: 12 });
  const held = Promise.withResolvers<void>();
  const using = models.use("a", () => held.promise);
  await touch("b");
  assertEquals([gone, models.heldBytes], [[], 12]); // over its budget: both were asked for
  held.resolve();
  await using;
  assertEquals([gone, models.heldBytes], [["a"], 6]);
  await models.use("b", (model) => Promise.resolve(model.grow(3)));
  assertEquals([gone, models.heldBytes], [["a"], 9]);
  await touch("c"); // larger than the budget, it is held alone
  assertEquals([gone, models.list()], [["a", "b"], [{ id: "c", bytes: 12 }]]);
});

Deno.test("a model that several ask for is loaded once; one that cannot be is tried again", async () => {
  const sizes: Record<string, number> = { a: 1 }, { models, loaded, touch } = scene(sizes);
  await Promise.all([touch("a"), touch("a")]);
  for (const outcome of await Promise.allSettled([touch("b"), touch("b")])) {
    assertEquals(outcome.status, "rejected");
  }
  await assertRejects(() => touch("b"), Error, "no b");
  sizes.b = 2;
  await touch("b");
  assertEquals([loaded, models.heldBytes], [["a", "b", "b", "b"], 3]);
});
