import sharp from "sharp";
import type { ImageSize, Prompt } from "../../src/api";
import { criticSchema, expectedIou, promptKind } from "../../src/engine/critic/critic";
import shippedNumbers from "../../src/engine/critic/critic-sam.json";
import { maskIou, type FeatureContext } from "../../src/engine/critic/features";
import { decodePixels } from "../../src/engine/picture";
import { FEEDBACK_ROUNDS, measureMasks, type MeasuredMask } from "../../src/engine/sam/choose-masks";
import { locateSam } from "../../src/engine/sam/locate";
import { SamModel, scaledSize } from "../../src/engine/sam/model";
import { preparePicture, type PreparedPicture } from "../../src/engine/sam/prepared-picture";
import { centreOfBox, isDoubtful, joinCentre } from "../../src/engine/sam/wide-box";
import { BENCH_DATA_DIR } from "../../tools/dataset";
import type { Example } from "./examples";
import { fitGroups, fitNetworks, inputsOf, judge, type EngineFitting, type Training } from "./fit";
import { withoutGaps, type CandidateRow, type OpenedExample } from "./rows";

const TRAINING: Training = {
  networks: 3,
  network: { units: 8, steps: 1000, batch: 256, decay: 3e-3 },
  weightOf: () => 1,
};
const SHIPPED = criticSchema.parse(shippedNumbers);

/**
 * The sam engine: its critic judges the decoder's masks, also those after feedback; a second one, for boxes that may be
 * too wide, also those of a click on the box's middle.
 */
export const SAM: EngineFitting = {
  rows: "sam",
  shipped: SHIPPED,
  open: async (example) => openExample(await loadModel(), example),
  prepare: (row) => row,
  fit: (pictures) => {
    const ofPrompt = pictures.map((picture) => ({
      ...picture,
      rows: picture.rows.map((row) => ({ ...row, candidates: row.candidates.filter(isOfPrompt) })),
    }));
    const inputs = inputsOf(pictures);
    const wideBox = { ...inputs, full: fitNetworks(pictures, "box", inputs, TRAINING) };
    return { ...fitGroups(ofPrompt, TRAINING), wideBox };
  },
  // As `chooseMasks` does, but for the masks of a box together with a click on its middle.
  choose: (critic, { kind, candidates }) => {
    const ofPrompt = judge(critic, kind, candidates.filter(isOfPrompt));
    const ofCentre = candidates
      .filter((candidate) => !isOfPrompt(candidate))
      .map((candidate) => ({ ...candidate, score: 0 }));
    const { wideBox } = critic;
    const looksAtCentre = wideBox !== undefined && ofCentre.length > 0 && isDoubtful(wideBox, ofPrompt[0]);
    return (looksAtCentre ? joinCentre(wideBox, ofPrompt, ofCentre) : ofPrompt)[0];
  },
};

let model: Promise<SamModel> | undefined;

function loadModel(): Promise<SamModel> {
  return (model ??= SamModel.load(locateSam({ dataDir: BENCH_DATA_DIR }), { threads: 1, log: console.error }));
}

async function openExample(model: SamModel, { file, mask, size }: Example): Promise<OpenedExample> {
  const picture = await preparePicture(file, async (opened) =>
    model.encode(await decodePixels(opened, scaledSize(opened.size))),
  );
  const truth = await shrinkMask(mask, size, picture.context);
  return async (prompt) => {
    const measured = await allCandidates(model, picture, prompt);
    return measured.map(({ token, mask: candidate, features }) => ({
      token,
      features: withoutGaps(features),
      iou: maskIou(candidate, truth),
    }));
  };
}

/** All that `chooseMasks` may look at for a prompt; the shipped critic chooses the masks that are fed back. */
async function allCandidates(
  model: SamModel,
  { embedding, context }: PreparedPicture,
  prompt: Prompt,
): Promise<MeasuredMask[]> {
  const found = measureMasks(await model.decode(embedding, prompt), context, prompt);
  const centre = centreOfBox(prompt);
  if (centre !== undefined) {
    return [...found, ...measureMasks(await model.decode(embedding, centre), context, prompt, "c")];
  }
  const rounds = prompt.points?.length === 1 && prompt.boundingBox === undefined ? 0 : FEEDBACK_ROUNDS;
  let current = bestOf(found, prompt);
  for (let round = 0; round < rounds && current; round++) {
    const again = measureMasks(await model.decode(embedding, prompt, current.logits), context, prompt);
    found.push(...again);
    current = bestOf(again, prompt);
  }
  return found;
}

function bestOf(masks: MeasuredMask[], prompt: Prompt): MeasuredMask | undefined {
  const score = ({ features, token }: MeasuredMask): number =>
    expectedIou(SHIPPED, promptKind(prompt), features, token);
  return masks.toSorted((a, b) => score(b) - score(a))[0];
}

function isOfPrompt({ token }: CandidateRow): boolean {
  return token.startsWith("b");
}

/** A mask on the grid of the features. */
async function shrinkMask(mask: Uint8Array, size: ImageSize, { width, height }: FeatureContext): Promise<Uint8Array> {
  const grey = Buffer.from(mask.map((value) => 255 * value));
  const small = await sharp(grey, { raw: { ...size, channels: 1 } })
    .resize(width, height, { fit: "fill", kernel: "linear" })
    .toColourspace("b-w")
    .raw()
    .toBuffer();
  return Uint8Array.from(small, (value) => (value > 127 ? 1 : 0));
}
