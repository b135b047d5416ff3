/** The stock client's version 4, in a process whose config is openai4.json. */
import { checkClient } from "./openai_calls.ts";

const CLIENT = "openai"; // no literal: the checker of the rest would look for another version
const { default: OpenAI } = await import(CLIENT);
await checkClient(OpenAI, JSON.parse(Deno.args[0]));
