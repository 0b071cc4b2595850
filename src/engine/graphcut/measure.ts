import type { Prompt } from "../../api";
import { contourFeatures, type ContourFeatures } from "../critic/contour-features";
import { maskFeatures, type MaskFeatures } from "../critic/features";
import { promptInWindow } from "./frame";
import { pointsInside } from "./hypotheses";
import type { Proposal } from "./proposals";

/** The features by which the critic judges a proposal. */
export type ProposalFeatures = MaskFeatures &
  ContourFeatures & {
    /** Area as a share of the frame; `areaShare` is of the picture. */
    frameShare: number;
    /** Mask pixels on a border of the frame that is not the picture's, over √area. The frame cuts the object there. */
    frameCut: number;
  };

/**
 * Measures a proposal; undefined when it is empty.
 * @param agreement its mean IoU with the other proposals for the prompt
 */
export function measure(prompt: Prompt, proposal: Proposal, agreement: number): ProposalFeatures | undefined {
  const { frame, mask } = proposal;
  const { window } = frame;
  const local = promptInWindow(prompt, window);
  const points = pointsInside(local);
  const features = maskFeatures(frame.features, { ...local, points }, { mask, agreement });
  const contour = contourFeatures(frame.lab, frame.features, mask, local.boundingBox);
  if (!features || !contour) return undefined;
  const share = features.areaShare * (window.xMax - window.xMin) * (window.yMax - window.yMin);
  return {
    ...features,
    ...contour,
    frameShare: features.areaShare,
    areaShare: share,
    logAreaShare: Math.log(share + 1e-4),
    frameCut: cutPixels(proposal) / Math.sqrt(features.areaShare * mask.length),
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
