import type { LoadedSegmenter } from "../segmenter";
import { GraphcutSegmenter } from "./segmenter";
import { GRAPHCUT_VERSION } from "./version";

/** Makes the segmenter in this process. It has nothing to open. */
export function loadGraphcut(): LoadedSegmenter {
  return { segmenter: new GraphcutSegmenter(), version: GRAPHCUT_VERSION };
}
