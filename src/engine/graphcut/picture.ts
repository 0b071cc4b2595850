import type { BoundingBox } from "../../api";
import { RecentMap } from "../../async/recent-map";
import { featureContext, type FeatureContext } from "../critic/feature-context";
import type { Pixels } from "../pixels/pixels";
import { colourKernel, type ColourKernel } from "./colour-model";
import { cutFrame, WHOLE, type Frame } from "./frame";
import { withoutShade } from "../pixels/shade";
import { regionGraph, type RegionGraph } from "./region-graph";
import { superpixels } from "./superpixels";

/** A frame with everything that the cuts and the critic need. */
export interface RegionFrame extends Frame {
  graph: RegionGraph;
  kernel: ColourKernel;
  features: FeatureContext;
  /** The same regions with colours that a shadow hardly changes. */
  shadeless: { graph: RegionGraph; kernel: ColourKernel };
}

const REGIONS = 700;
const LONG_SIDE = 256;
/** There are many windows around clicks, so they are coarser. */
const CLICK_LONG_SIDE = 192;
/** A window of at least this share of the picture counts as the whole picture, whose frame is computed only once. */
const ALMOST_WHOLE = 0.7;
/** Frames of one picture that are kept. */
const MAX_FRAMES = 8;
const FRAME_BYTES = 5 * 2 ** 20;

/** A picture with the frames computed from it, for any number of prompts. */
export class PreparedPicture {
  private readonly frames = new RecentMap<string, RegionFrame>(MAX_FRAMES);

  constructor(readonly image: Pixels) {}

  /** About the greatest memory that it may take, in bytes. */
  get maxBytes(): number {
    return this.image.data.byteLength + MAX_FRAMES * FRAME_BYTES;
  }

  /** The frame of a window (in fractions of the picture). */
  frame(window: BoundingBox, forClick = false): RegionFrame {
    const share = (window.xMax - window.xMin) * (window.yMax - window.yMin);
    if (share >= ALMOST_WHOLE) return this.cached(WHOLE, LONG_SIDE);
    return this.cached(window, forClick ? CLICK_LONG_SIDE : LONG_SIDE);
  }

  private cached(window: BoundingBox, longSide: number): RegionFrame {
    const key = [window.xMin, window.yMin, window.xMax, window.yMax, longSide].join();
    const known = this.frames.get(key);
    if (known !== undefined) return known;
    const frame = computeFrame(this.image, window, longSide);
    this.frames.set(key, frame);
    return frame;
  }
}

function computeFrame(image: Pixels, window: BoundingBox, longSide: number): RegionFrame {
  const frame = cutFrame(image, window, longSide);
  const regions = superpixels(frame.lab, REGIONS);
  const graph = regionGraph(frame.lab, regions);
  const shadeless = regionGraph(withoutShade(frame.lab), regions);
  return {
    ...frame,
    graph,
    kernel: colourKernel(graph),
    features: featureContext(frame.lab),
    shadeless: { graph: shadeless, kernel: colourKernel(shadeless) },
  };
}
