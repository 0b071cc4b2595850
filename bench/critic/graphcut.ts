import { criticSchema } from "../../src/engine/critic/critic";
import shippedFastNumbers from "../../src/engine/critic/critic-graphcut-fast.json";
import shippedNumbers from "../../src/engine/critic/critic-graphcut.json";
import { withRelative } from "../../src/engine/critic/relative";
import { BOX_RECIPES, CLICK_RECIPES } from "../../src/engine/graphcut/hypotheses";
import { measure } from "../../src/engine/graphcut/measure";
import { proposalAgreements } from "../../src/engine/graphcut/overlap";
import { PreparedPicture } from "../../src/engine/graphcut/picture";
import { clickName, propose, type Proposal } from "../../src/engine/graphcut/proposals";
import { decodePixels, openPicture } from "../../src/engine/picture";
import type { Example } from "./examples";
import { fitGroups, judge, type EngineFitting, type Training } from "./fit";
import { withoutGaps, type OpenedExample, type PromptRow } from "./rows";

/** The most common prompts count more. */
const USUAL: Partial<Record<string, number>> = { box: 2, "box +20 %": 1.5, "box+point": 2, point: 2, points: 2 };
/** The cuts of the first recipe for boxes and for clicks, which the fast form uses. */
const FAST_CANDIDATES = [
  ...BOX_RECIPES.slice(0, 1).map(({ name }) => name),
  ...CLICK_RECIPES.slice(0, 1).flatMap(({ share, recipes }) =>
    recipes.slice(0, 1).map((recipe) => clickName(recipe, share)),
  ),
];
const TRAINING: Training = {
  networks: 5,
  network: { units: 12, steps: 1200, batch: 768, decay: 1e-3 },
  weightOf: (prompt) => USUAL[prompt] ?? 1,
};

/** The graphcut engine: its critic judges the cuts of all recipes, also by comparing them with one another. */
export const GRAPHCUT: EngineFitting = {
  rows: "graphcut",
  shipped: criticSchema.parse(shippedNumbers),
  open: openExample,
  prepare: (row) => row,
  fit: (pictures) => fitGroups(pictures, TRAINING),
  choose: (critic, { kind, candidates }) => judge(critic, kind, candidates)[0],
};

/** Its fast form cuts once: the critic only says how good that cut is. */
export const GRAPHCUT_FAST: EngineFitting = {
  ...GRAPHCUT,
  shipped: criticSchema.parse(shippedFastNumbers),
  prepare: fastForm,
};

async function openExample(example: Example): Promise<OpenedExample> {
  const opened = await openPicture(example.file);
  const picture = new PreparedPicture(await decodePixels(opened, opened.size));
  return (prompt) => {
    const proposals = propose(picture, prompt);
    const agreement = proposalAgreements(proposals);
    const measured = proposals.flatMap((proposal, i) => {
      const features = measure(prompt, proposal, agreement[i] ?? 0);
      return features === undefined ? [] : [{ proposal, features: withoutGaps({ ...features }) }];
    });
    const relative = withRelative(measured.map(({ features }) => features));
    return Promise.resolve(
      measured.map(({ proposal }, i) => ({
        name: proposal.name,
        features: withoutGaps(relative[i] ?? {}),
        iou: iouInPicture(example, proposal),
      })),
    );
  };
}

/** Leaves what the fast form has: the first recipe's cut alone, with nothing to compare it with. */
function fastForm({ prompt, kind, candidates }: PromptRow): PromptRow {
  const alone = candidates
    .filter(({ name }) => FAST_CANDIDATES.includes(name))
    .map(({ features, ...candidate }) => {
      const entries = Object.entries(features).filter(([name]) => name !== "agreement" && !name.startsWith("Δ"));
      return { ...candidate, features: Object.fromEntries(entries) };
    });
  return { prompt, kind, candidates: alone };
}

/** IoU, at the picture's size, of a mask that covers a window of it. */
function iouInPicture({ mask, size }: Example, { frame, mask: found }: Proposal): number {
  const { window, width, height } = frame;
  let both = 0;
  let either = 0;
  for (let y = 0, i = 0; y < size.height; y++) {
    const row = Math.floor((((y + 0.5) / size.height - window.yMin) / (window.yMax - window.yMin)) * height);
    for (let x = 0; x < size.width; x++, i++) {
      const column = Math.floor((((x + 0.5) / size.width - window.xMin) / (window.xMax - window.xMin)) * width);
      const isInWindow = row >= 0 && row < height && column >= 0 && column < width;
      const inFound = isInWindow ? (found[row * width + column] ?? 0) : 0;
      const inMask = mask[i] ?? 0;
      both += inFound & inMask;
      either += inFound | inMask;
    }
  }
  return either === 0 ? 0 : both / either;
}
