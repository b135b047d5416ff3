/** What a program needs to know to ask a model. */
export interface SnippetOptions {
  /** The server's, such as `http://127.0.0.1:8000`. */
  origin: string;
  /** An alias, or a checkpoint's id: neither has anything that a shell or a string would take otherwise. */
  model: string;
  task: "embedding" | "classification";
  /** Whether the server asks for keys; each snippet takes its own from the environment. */
  keyed: boolean;
}
export interface Snippet {
  id: "curl" | "openai" | "fetch";
  name: string;
  code: string;
  /** What it needs, in a line. */
  note: string;
}

/** The variable that a key is taken from. */
export const KEY_VARIABLE = "LATENTD_API_KEY";

/** Programs that ask a model about the file `photo.jpg` beside them, and print what it says. They work as they are pasted. */
export function snippetsOf(options: SnippetOptions): Snippet[] {
  const key = options.keyed ? `, and a key in ${KEY_VARIABLE}` : "";
  const some = [{
    ...{ id: "curl" as const, name: "curl", code: curl(options) },
    note: `Needs photo.jpg beside it${key}.`,
  }, {
    ...{ id: "fetch" as const, name: "fetch", code: plainFetch(options) },
    note: `TypeScript for Node, Deno and Bun: no package. Needs photo.jpg beside it${key}.`,
  }];
  if (options.task === "classification") return some; // OpenAI's client has no such call
  return [...some, {
    ...{ id: "openai" as const, name: "openai", code: openai(options) },
    note: `TypeScript, by OpenAI's own client: npm install openai. Needs photo.jpg beside it${key}.`,
  }];
}

const pathOf = ({ model, task }: SnippetOptions): string =>
  `/v1/${task === "embedding" ? "embeddings" : "classifications"}?model=${model}`;

function curl(options: SnippetOptions): string {
  return [
    `curl -sS "${options.origin}${pathOf(options)}"`,
    ...(options.keyed ? [`  -H "Authorization: Bearer $${KEY_VARIABLE}"`] : []),
    '  -H "Content-Type: image/jpeg"',
    "  --data-binary @photo.jpg",
  ].join(" \\\n");
}

function plainFetch(options: SnippetOptions): string {
  const headers = options.keyed
    ? `{
    "Content-Type": "image/jpeg",
    Authorization: \`Bearer \${process.env.${KEY_VARIABLE}}\`,
  }`
    : '{ "Content-Type": "image/jpeg" }';
  return `import { readFile } from "node:fs/promises";

const response = await fetch("${options.origin}${pathOf(options)}", {
  method: "POST",
  headers: ${headers},
  body: await readFile("photo.jpg"),
});
if (!response.ok) throw new Error(await response.text());
const { data: [first] } = await response.json();
${
    options.task === "embedding"
      ? "console.log(first.embedding.length, first.embedding.slice(0, 4));"
      : "for (const { label, score } of first.labels) console.log(label, score);"
  }
`;
}

function openai({ origin, model, keyed }: SnippetOptions): string {
  const apiKey = keyed
    ? `process.env.${KEY_VARIABLE}`
    : '"none", // this server asks for none, but the client wants one';
  return `import OpenAI from "openai";
import { readFile } from "node:fs/promises";

const client = new OpenAI({
  baseURL: "${origin}/v1",
  apiKey: ${apiKey}${keyed ? "," : ""}
});
const photo = await readFile("photo.jpg", "base64");
const { data: [first] } = await client.embeddings.create({
  model: "${model}",
  input: \`data:image/jpeg;base64,\${photo}\`,
});
console.log(first.embedding.length, first.embedding.slice(0, 4));
`;
}
