import type { BoundingBox, ImageSize, Segment } from "../../../src/api";
import { segmentColour } from "../../../src/drawing/palette";
import { boxShapes, canvasOf, outlineShapes, pointShape, ringsPath, type Shape } from "../../../src/drawing/shapes";
import { POINT } from "../../../src/drawing/style";
import type { CanvasPoint, Drawing } from "./prompt-drawing";

const SVG = "http://www.w3.org/2000/svg";
/** Thin line of segments, in pixels of the screen; prompts are drawn larger, because they are clicked. */
const SEGMENT_LINE = 1;
const PROMPT_LINE = 1.5;
/** Of a point's mark, in pixels of the screen. */
export const MARK_RADIUS = POINT.radius * PROMPT_LINE;
/** Half the length of the crosshair's lines. */
const CROSS = 14;

/** Everything that is drawn over the picture. */
export interface Scene {
  drawing: Drawing;
  /** The box that is being drawn. */
  draft: BoundingBox | undefined;
  crosshair: CanvasPoint | undefined;
  segments: readonly Segment[];
}

/** Draws over a picture that is shown in this size, in the common style (src/drawing). */
export function drawScene(svg: SVGSVGElement, size: ImageSize, { drawing, draft, crosshair, segments }: Scene): void {
  const canvas = { ...canvasOf(size), line: PROMPT_LINE };
  const boxes = draft === undefined ? drawing.boxes : [...drawing.boxes, draft];
  svg.replaceChildren(
    ...segments.flatMap((segment, index) => outline(segment, segmentColour(index), size)),
    ...boxes.flatMap((box) => boxShapes(box, canvas)).map((shape) => toElement(shape)),
    ...drawing.points.map((point) =>
      toElement(pointShape(point, point.label === 1, canvas), { "data-label": point.label }),
    ),
    ...(crosshair === undefined ? [] : cross(crosshair, size)),
  );
}

function toElement({ name, attributes, children = [] }: Shape, more: Shape["attributes"] = {}): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries({ ...attributes, ...more })) element.setAttribute(key, String(value));
  element.append(...children.map((child) => toElement(child)));
  return element;
}

function outline({ polygons }: Segment, colour: string, size: ImageSize): SVGElement[] {
  const rings = polygons.map(({ vertices }) => vertices);
  const canvas = { ...canvasOf(size), line: SEGMENT_LINE };
  const shapes = outlineShapes(ringsPath(rings, canvas), colour, canvas);
  return shapes.map((shape) => toElement(shape, { class: "segment-start-outline" }));
}

/** White on black, visible on every picture. */
function cross({ x, y }: CanvasPoint, { width, height }: ImageSize): SVGElement[] {
  const [left, top] = [x * width, y * height];
  const d = `M${left - CROSS},${top}H${left + CROSS}M${left},${top - CROSS}V${top + CROSS}`;
  const line = (ink: string, width: number): Shape => ({
    name: "path",
    attributes: { d, fill: "none", stroke: ink, "stroke-width": width },
  });
  return [line("#000", 4), line("#fff", 2)].map((shape) => toElement(shape));
}
