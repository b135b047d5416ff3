import { fromFileUrl } from "@std/path";
import { Copy, DockerfileParser } from "dockerfile-ast";

const PATH = fromFileUrl(new URL("../../Dockerfile", import.meta.url));

interface Instruction {
  keyword: string;
  /** Everything behind the keyword, on one line. */
  text: string;
}

/** What the Dockerfile says, as Docker reads it: lines joined, comments gone. */
export function dockerfile(): {
  stages: Instruction[][];
  /** What comes from the build's context. */
  copied: string[];
  /** What its `deno cache` is asked to cache. */
  cache: string[];
} {
  const stages: Instruction[][] = [], copied: string[] = [];
  for (const instruction of DockerfileParser.parse(Deno.readTextFileSync(PATH)).getInstructions()) {
    const keyword = instruction.getKeyword().toUpperCase();
    const text = (instruction.getRawArgumentsContent() ?? "").replaceAll(/\\\n\s*/g, " ").trim();
    if (keyword === "FROM") stages.push([]);
    stages.at(-1)?.push({ keyword, text });
    if (instruction instanceof Copy && !instruction.getFromFlag()) {
      copied.push(...text.split(/\s+/).slice(0, -1));
    }
  }
  const cache = stages.flat().find(({ text }) => text.startsWith("deno cache"))!.text.split(/\s+/).slice(2)
    .filter((word) => !word.startsWith("-"));
  return { stages, copied, cache };
}

/** The words of an instruction in exec form. */
export const jsonArguments = (text: string): string[] => JSON.parse(text.slice(text.indexOf("[")));
