import { assertEquals } from "@std/assert";
import { rangeText, takes, textOf, valueOf } from "../../../src/dashboard/forms/field_text.ts";
import {
  fieldsOf,
  type FormField,
  kindsOf,
  type OpenApi,
  type Shape,
} from "../../../src/dashboard/forms/json_schema.ts";
import { at, errorsOf, onlyAt, withAt } from "../../../src/dashboard/forms/pointers.ts";
import { curlOf, metadataOf, metadataText } from "../../../src/dashboard/screens/new_job/job_body.ts";
import { homeless, shownErrors } from "../../../src/dashboard/screens/new_job/shown_errors.ts";
import { missingOf, startLike, startOf } from "../../../src/dashboard/screens/new_job/start_values.ts";
import { createApp } from "../../../src/api/app.ts";
import type { ApiDeps } from "../../../src/api/deps.ts";

const app = createApp({ limits: {} } as unknown as ApiDeps);
const document: OpenApi = await (await app.request("/openapi.json")).json();
const kinds = new Map(kindsOf(document).map(({ kind, config }) => [kind, fieldsOf(document, config)]));
const field = (kind: string, pointer: string): FormField => {
  const find = (fields: readonly FormField[]): FormField | undefined =>
    fields.flatMap((each) => [each, find("fields" in each.shape ? each.shape.fields : []) ?? []].flat())
      .find((each) => each.pointer === pointer);
  return find(kinds.get(kind)!)!;
};
const line = (...reads: Extract<Shape, { type: "line" }>["reads"]): Shape => ({ type: "line", reads });

Deno.test("every kind's config becomes fields, of the shapes and defaults that the server's own document has", () => {
  assertEquals([...kinds.keys()], ["pretrain", "knn", "linear_probe", "finetune", "embed"]);
  const shapes: [
    kind: string,
    pointer: string,
    shape: Partial<Shape>,
    nullable: boolean,
    fallback: unknown,
  ][] = [
    ["pretrain", "/batch", { type: "number", integer: true }, false, undefined],
    ["pretrain", "/micro_batch", { type: "number", integer: true }, true, null],
    ["pretrain", "/optimizer/name", { type: "choice", options: ["lars", "sgd", "adamw"] }, false, undefined],
    ["pretrain", "/evaluate/k", { type: "number", integer: true }, false, 200],
    ["pretrain", "/init", line("text"), true, null],
    ["knn", "/k", line("number", "list"), false, 200],
    ["knn", "/quality", { type: "flag" }, false, false],
    ["linear_probe", "/validation", line("number", "text"), false, 0.1],
    ["linear_probe", "/sgd/crop_area", { type: "pair" }, false, [0.08, 1]],
    ["finetune", "/base_lr", line("list"), false, undefined],
    ["finetune", "/validation", line("number", "text"), true, undefined],
    ["finetune", "/freeze", { type: "choice" }, true, null],
  ];
  for (const [kind, pointer, shape, nullable, fallback] of shapes) {
    const { shape: made, ...rest } = field(kind, pointer);
    const part = Object.fromEntries(Object.keys(shape).map((name) => [name, made[name as keyof Shape]]));
    assertEquals([part, rest.nullable, rest.fallback], [shape, nullable, fallback], `${kind} ${pointer}`);
  }
  assertEquals(missingOf(kinds.get("pretrain")!, {}), ["arch"]);
  assertEquals(missingOf(kinds.get("finetune")!, { init: null }), []);
});

Deno.test("an augmentation in full begins with the numbers of the preset that it takes the place of", () => {
  const { shape } = field("pretrain", "/augmentation");
  if (shape.type !== "named") throw new Error(`it is a ${shape.type}`);
  assertEquals(shape.options, ["byol", "byol-symmetric", "cifar", "grayscale", "none"]);
  assertEquals(Object.keys(shape.starts), ["byol", "byol-symmetric", "cifar", "grayscale"]);
  assertEquals(at(shape.starts.byol, "/view2/solarize"), 0.2);
  assertEquals(shape.fields.map(({ pointer }) => pointer), ["/augmentation/view1", "/augmentation/view2"]);
});

Deno.test("what is typed is read as the schema has it, and shown so again", () => {
  const cases: [text: string, shape: Shape, value: unknown, nullable?: boolean][] = [
    ["3e-4", { type: "number", integer: false, range: {} }, 3e-4],
    ["many", { type: "number", integer: true, range: {} }, "many"], // for the server to refuse, at its field
    ["", line("text"), undefined],
    ["null", line("text"), null, true],
    ["null", line("text"), "null"],
    ["0.1, 0.2", line("list"), [0.1, 0.2]],
    ["0.4", line("list"), [0.4]],
    ["20", line("number", "list"), 20],
    ["20, 200", line("number", "list"), [20, 200]],
    ["0.2", line("number", "text"), 0.2],
    ["val", line("number", "text"), "val"],
    ["0.08, 1", { type: "pair", range: {} }, [0.08, 1]],
  ];
  for (const [text, shape, value, nullable = false] of cases) {
    assertEquals(valueOf(text, { shape, nullable }), value, text);
    assertEquals(valueOf(textOf(value), { shape, nullable }), value, text);
  }
  assertEquals(rangeText({ least: 0, most: 1, belowMost: true }), "0 … < 1");
  assertEquals(rangeText({ least: 2, most: 8192 }), "2 … 8,192");
  assertEquals(takes(field("knn", "/k")), "one, or several by commas");
  assertEquals(takes(field("pretrain", "/seed")), "≥ 0");
});

Deno.test("values are put at JSON pointers and taken out again, and nothing that is empty is left", () => {
  const config = withAt(withAt({ arch: "a" }, "/optimizer/base_lr", 0.2), "/optimizer/name", "sgd");
  assertEquals(config, { arch: "a", optimizer: { base_lr: 0.2, name: "sgd" } });
  assertEquals(withAt(withAt(config, "/optimizer/base_lr", undefined), "/optimizer/name", undefined), {
    arch: "a",
  });
  assertEquals(onlyAt(config, ["/optimizer/name", "/none"]), { optimizer: { name: "sgd" } });
  assertEquals(withAt({ a: null }, "/a/b", 1), { a: { b: 1 } });
  const errors = [{ pointer: "#/config/base_lr/1", detail: "too large" }];
  assertEquals([errorsOf(errors, "/base_lr"), errorsOf(errors, "/base_lr", true)], [[], ["too large"]]);
});

Deno.test("an address fills in what it names, and a job what it was given", () => {
  const start = (text: string, kind: string) =>
    startOf(new URLSearchParams(text), kind, kinds.get(kind)!).config;
  assertEquals(start("kind=knn&checkpoint=ckpt_1&k=20,200&dataset=ds_1&odd=1", "knn"), {
    checkpoint: "ckpt_1",
    k: [20, 200],
  });
  assertEquals(start("checkpoint=ckpt_1", "finetune"), { init: "ckpt_1" });
  assertEquals(start('augmentation={"view1":{"flip":0}}&seed=3', "pretrain"), {
    augmentation: { view1: { flip: 0 } },
    seed: 3,
  });
  const config = { arch: "a", batch: 8, preset_reason: "small" };
  const like = (given: string[] | null) =>
    startLike({ kind: "pretrain", dataset: "ds_1", config, given, metadata: { a: "b" } } as never);
  assertEquals(like(["/arch"]).config, { arch: "a" });
  assertEquals(like(null), {
    kind: "pretrain",
    dataset: "ds_1",
    config: { arch: "a", batch: 8 },
    metadata: { a: "b" },
  });
});

Deno.test("errors are said at fields that are given, at the others once the job was tried, and of none are lost", () => {
  const live = ["/batch", "/epochs", "/odd"].map((name) => ({ pointer: `#/config${name}`, detail: "wrong" }));
  const config = { batch: 1 }, shown = (tried: boolean) => shownErrors({ refused: [], live, config, tried });
  assertEquals(shown(false).map(({ pointer }) => pointer), ["#/config/batch"]);
  assertEquals(shown(true).length, 3);
  assertEquals(shownErrors({ refused: live, live, config, tried: true }).length, 3);
  const strays = [...live, { pointer: "#/config/optimizer/odd", detail: "unknown field" }, { detail: "?" }];
  assertEquals(homeless(strays, kinds.get("pretrain")!).map(({ detail }) => detail), ["wrong", "?"]);
});

Deno.test("a request is copied so that a shell sends it as it is", () => {
  const body = { kind: "embed", metadata: { "it's": 'a "b" $HOME `x`' } };
  const text = curlOf("http://127.0.0.1:8000", body, true);
  assertEquals(text.split("\n")[2].trim(), '-H "Authorization: Bearer $LATENTD_KEY" \\');
  const [, quoted] = /-d (.*)$/s.exec(text)!;
  // A shell's single quotes: nothing in them means anything but another one.
  assertEquals(JSON.parse(quoted.slice(1, -1).replaceAll(`'\\''`, "'")), body);
  assertEquals(metadataOf("team = search\n\n a=b=c"), { team: "search", a: "b=c" });
  assertEquals(metadataOf(metadataText({ a: "b", c: "" })), { a: "b", c: "" });
});
