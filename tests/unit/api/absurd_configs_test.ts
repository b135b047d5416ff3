import { assertEquals } from "@std/assert";
import { problemOf, withApi } from "./api_scene.ts";

const SOUND = { arch: "cifar_resnet8", batch: 16, epochs: 2 };
/** What no run could be made of, by the pointer under `#/config` that is to name it; sent as text, for JSON has more numbers. */
const ABSURD: [string, string][] = [
  ...["0", "1", "-3", "1e9", "2.5", "null", '"16"', "1e400", "[]"].map((v): [string, string] => ["batch", v]),
  ...["0", "-1", "1e9", "1e400", '"NaN"', "{}"].map((v): [string, string] => ["epochs", v]),
  ...["7", "0", "-32", "32.5", "1e9", '"32"'].map((v): [string, string] => ["px", v]),
  ...["1.5", "-0.1", "null", '"0.9"', "1e400"].map((v): [string, string] => ["tau", v]),
  ...["-1", "0.5", "1e300", "9007199254740993"].map((v): [string, string] => ["seed", v]),
  ...["0", "1", "1e9"].map((v): [string, string] => ["micro_batch", v]),
  ...['"bf16"', "16", "null"].map((v): [string, string] => ["precision", v]),
  ...['"resnet9000"', "50", "null", '"__proto__"'].map((v): [string, string] => ["arch", v]),
  ...['"byol-9000"', "{}", "null"].map((v): [string, string] => ["preset", v]),
  ...['"ckpt_x"', '"../../etc/passwd"', "1"].map((v): [string, string] => ["init", v]),
  ...['""', '"nope"', `"${"a".repeat(101)}"`, "1"].map((v): [string, string] => ["split", v]),
  ["projector/hidden", '{"hidden": 0, "out": 256}'],
  ["projector/out", '{"hidden": 256, "out": 1e9}'],
  ["predictor/hidden", '{"hidden": -1}'],
  ...["0", "-1", "1e400", "101", "null", '"NaN"'].map((v): [string, string] => [
    ...["optimizer/base_lr", `{"name": "lars", "base_lr": ${v}}`] as [string, string],
  ]),
  ["optimizer/base_lr", '{"name": "adamw", "base_lr": 0.5}'],
  ["optimizer/momentum", '{"name": "sgd", "momentum": 1}'],
  ["optimizer/weight_decay", '{"name": "sgd", "weight_decay": -1}'],
  ["optimizer/warmup_epochs", '{"name": "sgd", "warmup_epochs": -1}'],
  ["checkpoint/every_steps", '{"every_steps": 0}'],
  ["checkpoint/keep_last", '{"keep_last": 0}'],
  ["evaluate/k", '{"k": 0}'],
  ["evaluate/temperature", '{"temperature": 0}'],
  ["augmentation", '"rotate"'],
  ["augmentation", "1"],
  ["surprise", "1"],
];
const textOf = (fields: Record<string, string>) =>
  `{${Object.entries(fields).map(([name, value]) => `${JSON.stringify(name)}: ${value}`).join(", ")}}`;
const soundText = Object.fromEntries(Object.entries(SOUND).map(([k, v]) => [k, JSON.stringify(v)]));

Deno.test("an absurd config is a 422 that names the field, and several are all named at once", () =>
  withApi(async ({ app, dataset, store }) => {
    const before = store.listJobs({}, { limit: 10 }).data.length;
    /** The pointers under `#/config` of what is sent with `fields`. */
    const refused = async (fields: Record<string, string>) => {
      const body = `{"kind": "pretrain", "dataset": "${dataset.id}", "config": ${
        textOf({ ...soundText, ...fields })
      }}`;
      const headers = { "Content-Type": "application/json" };
      const [status, , ...pointers] = await problemOf(
        await app.request("/v1/jobs", { method: "POST", body, headers }),
      );
      assertEquals(status, 422, body);
      return pointers.map((pointer) => pointer.replace("#/config/", "")).sort();
    };
    for (const [pointer, value] of ABSURD) {
      assertEquals(await refused({ [pointer.split("/")[0]]: value }), [pointer], `${pointer}: ${value}`);
    }
    // What two sound fields make together is told beside what is wrong elsewhere.
    assertEquals(await refused({ micro_batch: "5", tau: "2", steps: "9" }), ["epochs", "micro_batch", "tau"]);
    const rate = '{"name": "adamw", "base_lr": 0.5, "momentum": 2}';
    assertEquals(await refused({ optimizer: rate }), ["optimizer/base_lr", "optimizer/momentum"]);
    assertEquals(await refused({ batch: "1000", split: '"nope"', px: "1" }), ["px", "split"]);
    // One of each field, in turns, so that each absurdity once stands beside one of every other field.
    const fields = [...new Set(ABSURD.map(([pointer]) => pointer.split("/")[0]))];
    for (let turn = 0; turn < 9; turn++) {
      const chosen = fields.map((name) => {
        const own = ABSURD.filter(([pointer]) => pointer.split("/")[0] === name);
        return own[turn % own.length];
      });
      const sent = Object.fromEntries(chosen.map(([pointer, value]) => [pointer.split("/")[0], value]));
      assertEquals(await refused(sent), chosen.map(([pointer]) => pointer).sort(), textOf(sent));
    }
    assertEquals(store.listJobs({}, { limit: 10 }).data.length, before);
  }));
