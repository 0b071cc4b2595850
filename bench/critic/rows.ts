import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import sharp from "sharp";
import { z } from "zod";
import { boundingBoxSchema, pointLabel, type ImageSize, type Prompt } from "../../src/api";
import { expectedIou, promptKind, type CriticModel, type Features } from "../../src/engine/critic/critic";
import { maskIou, type FeatureContext } from "../../src/engine/critic/features";
import { decodePixels } from "../../src/engine/picture";
import { FEEDBACK_ROUNDS, measureMasks, type MeasuredMask } from "../../src/engine/sam/choose-masks";
import { scaledSize, type SamModel } from "../../src/engine/sam/model";
import { centreOfBox } from "../../src/engine/sam/wide-box";
import { preparePicture, type PreparedPicture } from "../../src/engine/sam/prepared-picture";
import { randomNumbers } from "../../scripts/scenes/camera";
import { readMask, type Item } from "../support/dataset";
import { pointAt, trainingPrompts, type Pointers } from "./prompts";
import { drawScene } from "./scenes";

const candidateSchema = z.object({
  token: z.string(),
  features: z.record(z.string(), z.number()),
  /** True IoU on the feature grid. */
  iou: z.number(),
});
const pictureRowsSchema = z.object({
  set: z.string(),
  name: z.string(),
  /** The object's box: pictures with one box show one object. */
  box: boundingBoxSchema,
  rows: z.array(
    z.object({ prompt: z.string(), kind: z.enum(["box", "pt1", "pts"]), candidates: z.array(candidateSchema) }),
  ),
});

/** A picture's prompts, each with all candidates that the decoder gives. */
export type PictureRows = z.infer<typeof pictureRowsSchema>;
export type PromptRow = PictureRows["rows"][number];

/** A picture with the mask of what is meant (1 = object, one byte a pixel). */
interface Example {
  set: string;
  name: string;
  file: string;
  mask: Uint8Array;
  size: ImageSize;
  pointers: Pointers;
}

/** Measures pictures and keeps the results in a file with a picture a line, so that each is measured only once. */
export class RowFile {
  readonly #rows: Map<string, PictureRows>;

  constructor(
    private readonly file: string,
    private readonly openModel: () => Promise<SamModel>,
    /** Chooses the masks that are fed back. */
    private readonly critic: CriticModel,
  ) {
    mkdirSync(dirname(file), { recursive: true });
    const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
    const known = lines.map((line) => pictureRowsSchema.parse(JSON.parse(line)));
    this.#rows = new Map(known.map((picture) => [keyOf(picture), picture]));
  }

  /** @param read makes the example, if it is not known yet */
  async rowsOf(set: string, name: string, read: () => Promise<Example>): Promise<PictureRows> {
    const known = this.#rows.get(keyOf({ set, name }));
    if (known !== undefined) return known;
    const measured = await measureExample(await this.openModel(), this.critic, await read());
    appendFileSync(this.file, `${JSON.stringify(measured)}\n`);
    return measured;
  }
}

/** A picture of a data folder. */
export async function readExample(set: string, { file, maskFile, prompts }: Item): Promise<Example> {
  const points = prompts.points.points ?? [];
  const box = prompts.box.boundingBox;
  if (box === undefined) throw new Error(`${file} has no box.`);
  const pointers = {
    box,
    foreground: points.filter((point) => pointLabel(point) === 1),
    background: points.filter((point) => pointLabel(point) === 0),
  };
  return { set, name: basename(file), file, pointers, ...(await readMask(maskFile)) };
}

/** A drawn picture. */
export async function drawExample(set: string, name: string, seed: number): Promise<Example> {
  const { picture, mask } = drawScene(seed);
  const size = { width: picture.width, height: picture.height };
  const folder = mkdtempSync(join(tmpdir(), "scene-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, `${name}.png`);
  await sharp(Buffer.from(picture.data), { raw: { ...size, channels: 3 } })
    .png()
    .toFile(file);
  return { set, name, file, mask, size, pointers: pointAt(mask, size, randomNumbers(seed)) };
}

async function measureExample(model: SamModel, critic: CriticModel, example: Example): Promise<PictureRows> {
  const { set, name, file, mask, size, pointers } = example;
  const picture = await preparePicture(file, async (opened) =>
    model.encode(await decodePixels(opened, scaledSize(opened.size))),
  );
  const truth = await shrinkMask(mask, size, picture.context);
  const rows: PromptRow[] = [];
  for (const named of trainingPrompts(pointers, randomNumbers(seedOf(name)))) {
    const measured = await allCandidates(model, critic, picture, named.prompt);
    const candidates = measured.map(({ token, mask: candidate, features }) => ({
      token,
      features: withoutGaps(features),
      iou: maskIou(candidate, truth),
    }));
    rows.push({ prompt: named.name, kind: promptKind(named.prompt), candidates });
  }
  return { set, name, box: pointers.box, rows };
}

/** All that `chooseMasks` may look at for a prompt. */
async function allCandidates(
  model: SamModel,
  critic: CriticModel,
  { embedding, context }: PreparedPicture,
  prompt: Prompt,
): Promise<MeasuredMask[]> {
  const found = measureMasks(await model.decode(embedding, prompt), context, prompt);
  const centre = centreOfBox(prompt);
  if (centre !== undefined) {
    return [...found, ...measureMasks(await model.decode(embedding, centre), context, prompt, "c")];
  }
  const rounds = prompt.points?.length === 1 && prompt.boundingBox === undefined ? 0 : FEEDBACK_ROUNDS;
  let current = bestOf(found, critic, prompt);
  for (let round = 0; round < rounds && current; round++) {
    const again = measureMasks(await model.decode(embedding, prompt, current.logits), context, prompt);
    found.push(...again);
    current = bestOf(again, critic, prompt);
  }
  return found;
}

function bestOf(masks: MeasuredMask[], critic: CriticModel, prompt: Prompt): MeasuredMask | undefined {
  const score = ({ features, token }: MeasuredMask): number => expectedIou(critic, promptKind(prompt), features, token);
  return masks.toSorted((a, b) => score(b) - score(a))[0];
}

function withoutGaps(features: Features): Record<string, number> {
  return Object.fromEntries(
    Object.entries(features).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

async function shrinkMask(mask: Uint8Array, size: ImageSize, { width, height }: FeatureContext): Promise<Uint8Array> {
  const grey = Buffer.from(mask.map((value) => 255 * value));
  const small = await sharp(grey, { raw: { ...size, channels: 1 } })
    .resize(width, height, { fit: "fill", kernel: "linear" })
    .toColourspace("b-w")
    .raw()
    .toBuffer();
  return Uint8Array.from(small, (value) => (value > 127 ? 1 : 0));
}

function keyOf({ set, name }: { set: string; name: string }): string {
  return `${set}/${name}`;
}

/** A number that belongs to the name (FNV-1a). */
function seedOf(name: string): number {
  let hash = 2166136261;
  for (const character of name) hash = Math.imul(hash ^ character.charCodeAt(0), 16777619);
  return hash >>> 0;
}
