import { assertEquals } from "@std/assert";
import { z } from "zod";
import { fieldErrors } from "../../../src/domain/field_errors.ts";

const Config = z.strictObject({
  batch: z.int().min(2).max(8192),
  tau: z.number().lte(1).optional(),
  side: z.int().multipleOf(8).optional(),
  name: z.string().max(3).optional(),
  arch: z.enum(["resnet18", "resnet50"]).optional(),
  ids: z.array(z.string()).min(1).optional(),
  deep: z.strictObject({ on: z.boolean() }).optional(),
  own: z.string().min(2, "give it two letters").optional(),
});
const told = (sent: unknown) => {
  const { error } = Config.safeParse(sent);
  return Object.fromEntries(fieldErrors(error!).map(({ pointer, detail }) => [pointer, detail]));
};

Deno.test("what is wrong with a field is told in plain words: what is wanted, and what there is instead", () => {
  assertEquals(told({}), { "#/batch": "required: a number" });
  assertEquals(
    told({
      ...{ batch: 1, tau: 1.5, side: 12, name: "long", arch: "vgg", ids: [], deep: { on: "yes" }, own: "x" },
      more: 1,
    }),
    {
      "#/batch": "must be at least 2, not 1",
      "#/tau": "must be at most 1, not 1.5",
      "#/side": "must be a multiple of 8, not 12",
      "#/name": 'must be text of at most 3 characters, not "long"',
      "#/arch": 'must be one of "resnet18", "resnet50", not "vgg"',
      "#/ids": "must be a list of at least 1 values, not a list of 0",
      "#/deep/on": 'must be true or false, not "yes"',
      "#/own": "give it two letters",
      "#/more": "unknown field",
    },
  );
  assertEquals(told({ batch: 2.5, tau: null, deep: [] }), {
    "#/batch": "must be a whole number, not 2.5",
    "#/tau": "must be a number, not null",
    "#/deep": "must be an object, not a list of 0",
  });
});
