import type { BoundingBox, ImageSize, Prompt } from "../../api";
import { expectedIou, promptKind, type CriticModel } from "../critic/critic";
import { withRelative } from "../critic/relative";
import { distinctCandidates } from "../distinct-candidates";
import { snapToEdges } from "../pixels/edge-band";
import { neighboursOf, type Neighbours } from "../pixels/neighbours";
import { fillHoles } from "./components";
import { cutFrame, growBox, promptInWindow, type Frame } from "./frame";
import { pointsInside } from "./hypotheses";
import { measure, type ProposalFeatures } from "./measure";
import { proposalAgreements, proposalIou } from "./overlap";
import type { PreparedPicture } from "./picture";
import { propose, type Proposal } from "./proposals";

/** An object that was cut out: a mask over a window of the picture. */
export interface Cutout {
  /** In fractions of the picture. Outside it there is no object. */
  window: BoundingBox;
  /** Size of the mask, which is stretched over the window. */
  width: number;
  height: number;
  /** 1 = object, one byte a pixel, row by row. */
  mask: Uint8Array;
  /** The intersection over union to expect, 0..1. */
  score: number;
}

export interface GraphCutOptions {
  /** Cuts once instead of by all recipes: several times as fast, less accurate. */
  fast?: boolean;
  /** Greatest number of different readings of the prompt (1). */
  count?: number;
}

/** A score at most this far below the best is nearly as good; a contour with a greater blind share is not clear. */
const NEARLY = 0.05;
const MAX_BLIND = 0.04;
const CLEARLY_FULLER = 1.15;
const MUCH = 0.6;
const AS_SOLID = 0.95;
/** Scores within this range are equal; a contour with a chroma step this many times greater is clearly not a shadow's. */
const EVEN = 0.01;
const CLEARLY_TINTED = 1.15;
const MIN_TINT = 0.05;
/** The contour is set on a grid of this long side around the object, moving by at most `radius` pixels. */
const FINE_LONG_SIDE = 320;
const BAND = { radius: 6, fieldWeight: 0.25 };
const FIELD = 4;
const FINE_MARGIN = 0.1;

/**
 * Cuts the object of a prompt out of a picture, without any learnt weights but the critic's: minimum cuts over
 * superpixels under several readings of the prompt. The critic chooses the best one, whose contour is then moved onto the
 * pixels' edges.
 * @returns best first; empty when the prompt has no foreground point and no box, or nothing was found
 */
export function segmentByGraphCut(
  picture: PreparedPicture,
  prompt: Prompt,
  critic: CriticModel,
  { fast = false, count = 1 }: GraphCutOptions = {},
): Cutout[] {
  const proposals = propose(picture, prompt, fast);
  const agreement = proposalAgreements(proposals);
  const measured = proposals.flatMap((proposal, i) => {
    const features = measure(prompt, proposal, agreement[i]!);
    return features ? [{ proposal, features: { ...features } }] : [];
  });
  const relative = withRelative(measured.map(({ features }) => features));
  const scored = measured.map(({ proposal, features }, i) => ({
    proposal,
    features,
    score: expectedIou(critic, promptKind(prompt), relative[i]!, proposal.name),
  }));
  scored.sort((a, b) => b.score - a.score);
  preferColouredEdges(scored);
  preferFullBox(scored);
  const cutouts: Cutout[] = [];
  let last = 1;
  for (const { proposal, score } of distinctCandidates(scored, (one, other) =>
    proposalIou(one.proposal, other.proposal),
  )) {
    if (cutouts.length === count) break;
    // One that a rule has moved back gets no higher score than those before it.
    last = Math.min(last, score);
    cutouts.push({ ...setContour(picture, prompt, proposal), score: last });
  }
  return cutouts;
}

/**
 * Prefers a fuller proposal: among those that are nearly as good as the best, contain much of it, follow edges all along
 * and have no more bays, the one that fits the box best moves to the front, if it fits clearly better. So a gauge is cut
 * out with its rim, not its face alone.
 */
function preferFullBox(scored: { proposal: Proposal; features: ProposalFeatures; score: number }[]): void {
  const best = scored[0];
  if (best?.features.boxIou === undefined) return;
  const fit = (candidate: { features: ProposalFeatures }): number => candidate.features.boxIou ?? 0;
  const rivals = scored.filter(
    (rival) =>
      rival.score >= best.score - NEARLY &&
      rival.features.blindShare <= MAX_BLIND &&
      fit(rival) >= CLEARLY_FULLER * fit(best) &&
      rival.features.solidity >= AS_SOLID * best.features.solidity &&
      proposalIou(rival.proposal, best.proposal) >= MUCH,
  );
  if (rivals.length === 0) return;
  const fullest = rivals.reduce((a, b) => (fit(b) > fit(a) ? b : a));
  scored.splice(scored.indexOf(fullest), 1);
  scored.unshift(fullest);
}

/**
 * Prefers coloured edges: among the proposals with a box that are as good as the best, the one whose contour separates
 * the most different colours moves to the front, if it does so clearly better. So a saucer is cut out without its shadow.
 */
function preferColouredEdges(scored: { features: ProposalFeatures; score: number }[]): void {
  const best = scored[0];
  if (best?.features.boxIou === undefined) return;
  const least = Math.max(MIN_TINT, CLEARLY_TINTED * best.features.chromaStep);
  const rivals = scored.filter(({ features, score }) => score >= best.score - EVEN && features.chromaStep >= least);
  if (rivals.length === 0) return;
  const clearest = rivals.reduce((a, b) => (b.features.chromaStep > a.features.chromaStep ? b : a));
  scored.splice(scored.indexOf(clearest), 1);
  scored.unshift(clearest);
}

/** Moves a proposal's contour, made of superpixels, onto the pixels' edges. */
function setContour(picture: PreparedPicture, prompt: Prompt, proposal: Proposal): Omit<Cutout, "score"> {
  const fine = cutFrame(picture.image, surroundings(boundsOf(proposal), picture.image), FINE_LONG_SIDE);
  const mask = snapToEdges(fieldOn(fine, proposal), fine.lab, BAND);
  const { window, width, height } = fine;
  return { window, width, height, mask: fillHoles(mask, width, height, pointsInside(promptInWindow(prompt, window))) };
}

/** A box with its margin, for a thin object at least as much as its contour may move. */
function surroundings(box: BoundingBox, { width, height }: ImageSize): BoundingBox {
  const grown = growBox(box, FINE_MARGIN);
  const longSide = Math.max((grown.xMax - grown.xMin) * width, (grown.yMax - grown.yMin) * height);
  const least = ((BAND.radius + 2) / FINE_LONG_SIDE) * longSide;
  return {
    xMin: Math.max(0, Math.min(grown.xMin, box.xMin - least / width)),
    yMin: Math.max(0, Math.min(grown.yMin, box.yMin - least / height)),
    xMax: Math.min(1, Math.max(grown.xMax, box.xMax + least / width)),
    yMax: Math.min(1, Math.max(grown.yMax, box.yMax + least / height)),
  };
}

/** The bounds of a mask in fractions of the picture. */
function boundsOf({ frame: { window, width, height }, mask }: Proposal): BoundingBox {
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let y = 0, i = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, i += 1) {
      if (!mask[i]) continue;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y + 1);
    }
  }
  const x = (pixel: number): number => window.xMin + (pixel / width) * (window.xMax - window.xMin);
  const y = (pixel: number): number => window.yMin + (pixel / height) * (window.yMax - window.yMin);
  return { xMin: x(left), yMin: y(top), xMax: x(right), yMax: y(bottom) };
}

/** A mask as a soft field of −FIELD..FIELD on another frame, by linear interpolation; background outside its own. */
function fieldOn(target: Frame, { frame, mask }: Proposal): Float32Array {
  const along = (axis: "x" | "y", size: number, cells: number): Neighbours => {
    const [from, to] = [target.window[`${axis}Min`], target.window[`${axis}Max`]];
    const [otherFrom, otherTo] = [frame.window[`${axis}Min`], frame.window[`${axis}Max`]];
    return neighboursOf(
      size,
      cells,
      (i) => ((from + ((i + 0.5) / size) * (to - from) - otherFrom) / (otherTo - otherFrom)) * cells - 0.5,
    );
  };
  const columns = along("x", target.width, frame.width);
  const rows = along("y", target.height, frame.height);
  const field = new Float32Array(target.width * target.height);
  for (let y = 0, i = 0; y < target.height; y += 1) {
    const upper = rows.first[y]! * frame.width;
    const lower = rows.second[y]! * frame.width;
    const down = rows.share[y]!;
    for (let x = 0; x < target.width; x += 1, i += 1) {
      const left = columns.first[x]!;
      const right = columns.second[x]!;
      const across = columns.share[x]!;
      const above = mask[upper + left]! * (1 - across) + mask[upper + right]! * across;
      const below = mask[lower + left]! * (1 - across) + mask[lower + right]! * across;
      field[i] = FIELD * (2 * (above * (1 - down) + below * down) - 1);
    }
  }
  return field;
}
