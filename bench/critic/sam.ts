import sharp from "sharp";
import type { ImageSize, Prompt } from "../../src/api";
import { criticSchema, expectedIou, promptKind } from "../../src/engine/critic/critic";
import shippedNumbers from "../../src/engine/critic/critic-sam.json";
import type { FeatureContext } from "../../src/engine/critic/feature-context";
import { decodePixels } from "../../src/engine/picture";
import { maskIou } from "../../src/engine/pixels/mask";
import { FEEDBACK_ROUNDS, measureMasks, type MeasuredMask } from "../../src/engine/sam/choose-masks";
import { locateSam } from "../../src/engine/sam/locate";
import { SamModel, scaledSize } from "../../src/engine/sam/model";
import { preparePicture, type PreparedPicture } from "../../src/engine/sam/prepared-picture";
import { centreOfBox, isDoubtful, joinCentre } from "../../src/engine/sam/wide-box";
import { BENCH_DATA_DIR } from "../../tools/dataset";
import type { Example } from "./examples";
import { fitGroups, fitNetworks, inputNamesOf, judge, type EngineFitting, type Training } from "./fit";
import { withoutGaps, type CandidateRow, type OpenedExample } from "./rows";

const TRAINING: Training = {
  networks: 3,
  network: { units: 8, steps: 1000, batch: 256, decay: 3e-3 },
  weightOf: () => 1,
};
const SHIPPED = criticSchema.parse(shippedNumbers);

/**
 * The sam engine. Its critic judges the decoder's masks, including those after feedback; a second critic, for boxes that
 * may be too wide, judges those of a click on the box's centre, too.
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
    const inputs = inputNamesOf(pictures);
    const wideBox = { ...inputs, networks: fitNetworks(pictures, "box", inputs, TRAINING) };
    return { ...fitGroups(ofPrompt, TRAINING), wideBox };
  },
  // As `chooseMasks` does, but without the masks of a box together with a click on its centre.
  choose: (critic, { kind, candidates }) => {
    const ofPrompt = judge(critic, kind, candidates.filter(isOfPrompt));
    const ofCentre = candidates
      .filter((candidate) => !isOfPrompt(candidate))
      .map((candidate) => ({ ...candidate, score: 0 }));
    const { wideBox } = critic;
    const usesCentre = wideBox !== undefined && ofCentre.length > 0 && isDoubtful(wideBox, ofPrompt[0]);
    return (usesCentre ? joinCentre(wideBox, ofPrompt, ofCentre) : ofPrompt)[0];
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
    return measured.map(({ name, mask: candidate, features }) => ({
      name,
      features: withoutGaps(features),
      iou: maskIou(candidate, truth),
    }));
  };
}

/** All masks among which `chooseMasks` may choose for a prompt; the shipped critic chooses those that are fed back. */
async function allCandidates(
  model: SamModel,
  { embedding, context }: PreparedPicture,
  prompt: Prompt,
): Promise<MeasuredMask[]> {
  const found = measureMasks(await model.decode(embedding, prompt), context, prompt);
  const centre = centreOfBox(prompt);
  if (centre !== undefined) {
    return [...found, ...measureMasks(await model.decode(embedding, centre), context, prompt, "centre")];
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
  const score = ({ features, name }: MeasuredMask): number => expectedIou(SHIPPED, promptKind(prompt), features, name);
  return masks.toSorted((a, b) => score(b) - score(a))[0];
}

function isOfPrompt({ name }: CandidateRow): boolean {
  return name.startsWith("prompt-");
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
