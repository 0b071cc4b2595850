import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { boundingBoxSchema, type Point, type Prompt } from "../../src/api";
import { promptKind, type Features } from "../../src/engine/critic/critic";
import type { Example, ExampleSource } from "./examples";
import { trainingPrompts } from "./prompts";
import { randomNumbers } from "../../tools/random";

const candidateSchema = z.object({
  /** The critic's name for it. */
  name: z.string(),
  features: z.record(z.string(), z.number()),
  /** Its true IoU. */
  iou: z.number(),
});
const pictureRowsSchema = z.object({
  set: z.string(),
  name: z.string(),
  /** The object's box: pictures of one set with the same box show the same object. */
  box: boundingBoxSchema,
  rows: z.array(
    z.object({
      prompt: z.string(),
      kind: z.enum(["box", "onePoint", "severalPoints"]),
      candidates: z.array(candidateSchema),
    }),
  ),
});

/** A picture's prompts, each with all candidates that the engine may choose from. */
export type PictureRows = z.infer<typeof pictureRowsSchema>;
export type PromptRow = PictureRows["rows"][number];
export type CandidateRow = PromptRow["candidates"][number];

/** Gives all candidates for a prompt on an example. */
export type OpenedExample = (prompt: Prompt) => Promise<CandidateRow[]>;
/** Opens an example for an engine. */
export type OpenExample = (example: Example) => Promise<OpenedExample>;

/** Measures pictures and keeps the results in a file, one picture a line, so that each is measured only once. */
export class RowFile {
  readonly #rows: Map<string, PictureRows>;

  constructor(
    private readonly file: string,
    private readonly open: OpenExample,
  ) {
    mkdirSync(dirname(file), { recursive: true });
    const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
    const known = lines.map((line) => pictureRowsSchema.parse(JSON.parse(line)));
    this.#rows = new Map(known.map((picture) => [keyOf(picture), picture]));
  }

  async rowsOf(source: ExampleSource): Promise<PictureRows> {
    const known = this.#rows.get(keyOf(source));
    if (known !== undefined) return known;
    const measured = await measureExample(this.open, await source.read());
    appendFileSync(this.file, `${JSON.stringify(measured)}\n`);
    return measured;
  }
}

/** Features without those that a mask does not have. */
export function withoutGaps(features: Features): Record<string, number> {
  return Object.fromEntries(
    Object.entries(features).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

async function measureExample(open: OpenExample, example: Example): Promise<PictureRows> {
  const { set, name, pointers } = example;
  const candidatesOf = await open(example);
  const rows: PromptRow[] = [];
  for (const named of trainingPrompts(pointers, (point) => isOnObject(example, point), randomNumbers(seedOf(name)))) {
    const candidates = await candidatesOf(named.prompt);
    rows.push({ prompt: named.name, kind: promptKind(named.prompt), candidates });
  }
  return { set, name, box: pointers.box, rows };
}

function isOnObject({ mask, size: { width, height } }: Example, { x, y }: Point): boolean {
  return mask[Math.floor(y * height) * width + Math.floor(x * width)] === 1;
}

function keyOf({ set, name }: { set: string; name: string }): string {
  return `${set}/${name}`;
}

/** A number derived from the name (FNV-1a). */
function seedOf(name: string): number {
  let hash = 2166136261;
  for (const character of name) hash = Math.imul(hash ^ character.charCodeAt(0), 16777619);
  return hash >>> 0;
}
