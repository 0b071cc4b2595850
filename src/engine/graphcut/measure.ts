import type { Prompt } from "../../api";
import { contourFeatures, type ContourFeatures } from "../critic/contour-features";
import { maskFeatures, type MaskFeatures } from "../critic/features";
import { promptInWindow } from "./frame";
import { pointsInside } from "./hypotheses";
import type { RegionFrame } from "./picture";
import type { Proposal } from "./proposals";

/** What the critic sees of a proposal. */
export type ProposalFeatures = MaskFeatures &
  ContourFeatures & {
    /** Share of the frame. */
    fa: number;
    /** Mask pixels on a border of the frame that is not the picture's, over √area. */
    cut: number;
  };

/** Measures a proposal; undefined when it is empty. */
export function measure(prompt: Prompt, proposal: Proposal, others: Proposal[]): ProposalFeatures | undefined {
  const { frame, mask } = proposal;
  const { window } = frame;
  const local = promptInWindow(prompt, window);
  const points = pointsInside(local);
  const features = maskFeatures(frame.features, { ...local, points }, { mask }, []);
  const contour = contourFeatures(frame.lab, frame.features, mask, local.boundingBox);
  if (!features || !contour) return undefined;
  const share = features.a * (window.xMax - window.xMin) * (window.yMax - window.yMin);
  return {
    ...features,
    ...contour,
    fa: features.a,
    a: share,
    la: Math.log(share + 1e-4),
    cut: cutPixels(proposal) / Math.sqrt(features.a * mask.length),
    cons: others.reduce((sum, other) => sum + proposalIou(proposal, other), 0) / Math.max(1, others.length),
  };
}

/** Mask pixels on those borders of the frame that run through the picture. */
function cutPixels({ frame: { window, width, height }, mask }: Proposal): number {
  let count = 0;
  for (let x = 0; x < width; x += 1) {
    if (window.yMin > 0) count += mask[x]!;
    if (window.yMax < 1) count += mask[(height - 1) * width + x]!;
  }
  for (let y = 0; y < height; y += 1) {
    if (window.xMin > 0) count += mask[y * width]!;
    if (window.xMax < 1) count += mask[y * width + width - 1]!;
  }
  return count;
}

/** Intersection over union of two masks that may lie on different frames. */
export function proposalIou(a: Proposal, b: Proposal): number {
  const column = matchingPixels(
    a.frame.width,
    a.frame.window.xMin,
    a.frame.window.xMax,
    b.frame.width,
    b.frame.window.xMin,
    b.frame.window.xMax,
  );
  const row = matchingPixels(
    a.frame.height,
    a.frame.window.yMin,
    a.frame.window.yMax,
    b.frame.height,
    b.frame.window.yMin,
    b.frame.window.yMax,
  );
  let areaA = 0;
  let intersection = 0;
  for (let y = 0, i = 0; y < a.frame.height; y += 1) {
    for (let x = 0; x < a.frame.width; x += 1, i += 1) {
      if (!a.mask[i]) continue;
      areaA += 1;
      if (row[y]! >= 0 && column[x]! >= 0) intersection += b.mask[row[y]! * b.frame.width + column[x]!]!;
    }
  }
  let areaB = 0;
  for (const value of b.mask) areaB += value;
  areaB *= pixelSize(b.frame) / pixelSize(a.frame);
  return areaA + areaB === 0 ? 0 : intersection / Math.max(intersection, areaA + areaB - intersection);
}

/** The share of the picture that a pixel of a frame covers. */
function pixelSize({ window, width, height }: RegionFrame): number {
  return ((window.xMax - window.xMin) / width) * ((window.yMax - window.yMin) / height);
}

/** For each pixel along one axis the pixel of another grid at the same place, −1 outside. */
function matchingPixels(
  size: number,
  from: number,
  to: number,
  otherSize: number,
  otherFrom: number,
  otherTo: number,
): Int32Array {
  const match = new Int32Array(size);
  for (let i = 0; i < size; i += 1) {
    const place = (from + ((i + 0.5) / size) * (to - from) - otherFrom) / (otherTo - otherFrom);
    match[i] = place >= 0 && place < 1 ? Math.floor(place * otherSize) : -1;
  }
  return match;
}
