import { assertEquals } from "@std/assert";
import { Client } from "../../../src/client/client.ts";
import { TaggedAnswers } from "../../../src/dashboard/live/tagged_answers.ts";
import { type Job, withFirst, withNewer, withNext } from "../../../src/dashboard/screens/jobs/job_filter.ts";
import { configLines, curlOf, sentConfig } from "../../../src/dashboard/screens/jobs/job_curl.ts";
import { parseConfusion } from "../../../src/dashboard/screens/jobs/results/parse_confusion.ts";

const jobs = (...ids: number[]) => ids.map((id) => ({ id: `job_${id}` }) as Job);
const idsOf = ({ jobs }: { jobs: readonly Job[] }) => jobs.map(({ id }) => Number(id.slice(4)));

Deno.test("pages of jobs are one list without gaps, whatever is new or has gone", () => {
  const first = withFirst(undefined, { data: jobs(9, 8, 7), has_more: true });
  const two = withNext(first, "job_7", { data: jobs(6, 5), has_more: true });
  assertEquals(idsOf(two), [9, 8, 7, 6, 5]);
  assertEquals(idsOf(withNext(two, "job_7", { data: jobs(6, 5), has_more: true })), [9, 8, 7, 6, 5]);
  assertEquals(idsOf(withFirst(two, { data: jobs(11, 10, 9), has_more: true })), [11, 10, 9, 8, 7, 6, 5]);
  assertEquals(idsOf(withFirst(two, { data: jobs(9, 7, 6), has_more: true })), [9, 7, 6, 5]); // 8 is no more of them
  assertEquals(withFirst(two, { data: jobs(20, 19, 18), has_more: true }), {
    jobs: jobs(20, 19, 18),
    more: true,
  });
  assertEquals(withFirst(two, { data: jobs(9), has_more: false }), { jobs: jobs(9), more: false });
  const newer = withNewer(two, [{ id: "job_6", status: "failed" } as Job]);
  assertEquals(newer.jobs[3].status, "failed");
  assertEquals(idsOf(newer), idsOf(two));
});

Deno.test("an answer that has not changed is the one before, by the client as it takes a 304", async () => {
  let tag = '"1"';
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    ({ headers }) =>
      headers.get("If-None-Match") === tag
        ? new Response(null, { status: 304, headers: { ETag: tag } })
        : Response.json({ object: "list", data: [{ id: tag }], has_more: false }, { headers: { ETag: tag } }),
  );
  const { calls } = new Client(`http://127.0.0.1:${server.addr.port}`), answers = new TaggedAnswers();
  const ask = () =>
    answers.ask("jobs", (tag) => calls.GET("/v1/jobs", { params: { header: { "if-none-match": tag } } }));
  const first = await ask();
  assertEquals(first, { object: "list", data: [{ id: '"1"' }], has_more: false });
  assertEquals([await ask(), await ask()], [first, first]);
  tag = '"2"';
  assertEquals(await ask(), { object: "list", data: [{ id: '"2"' }], has_more: false });
});

Deno.test("a job's command has what was given, quoted for a shell, and a place for the key", () => {
  const config = { steps: 3, optimizer: { name: "lars", base_lr: 0.2 }, "a/b": { "~": [1] } };
  const given = ["/steps", "/optimizer/base_lr", "/a~1b/~0", "/gone/since"];
  assertEquals(sentConfig({ config, given }), { steps: 3, optimizer: { base_lr: 0.2 }, "a/b": { "~": [1] } });
  assertEquals(sentConfig({ config, given: null }), config);
  const job = {
    kind: "pretrain",
    dataset: "ds_1",
    metadata: { note: "it's" },
    config,
    given: ["/steps"],
  } as const;
  const curl = curlOf({ ...job, given: [...job.given] }, "http://host:1", true);
  assertEquals(curl.includes(`"note": "it'\\''s"`), true);
  assertEquals(curl.includes('-H "Authorization: Bearer $LATENTD_KEY"'), true);
  assertEquals(curlOf({ ...job, given: [] }, "http://host:1", false).includes("Authorization"), false);
  assertEquals(
    configLines({ steps: 3, optimizer: { name: "lars", base_lr: 0.2 } }, ["/optimizer/base_lr"]).map((
      line,
    ) => [line.name, line.value, line.given]),
    [["steps", "3", false], ["optimizer.name", '"lars"', false], ["optimizer.base_lr", "0.2", true]],
  );
  assertEquals(configLines({ steps: 3 }, null)[0].given, undefined);
});

Deno.test("a confusion matrix is read, whatever its classes are called", () => {
  const csv = 'class,"a, ""b""",plain\r\n"a, ""b""",3,1\r\nplain,0,2\r\n';
  assertEquals(parseConfusion(csv), { classes: ['a, "b"', "plain"], counts: [[3, 1], [0, 2]] });
  assertEquals(parseConfusion(csv.replaceAll("\r", "")).counts, [[3, 1], [0, 2]]);
});
