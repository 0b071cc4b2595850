import type { BoundingBox, ImageSize, Segment } from "../../../src/api";
import { segmentColour } from "../../../src/drawing/palette";
import { outlinePath, type Drawing, type DrawnPoint } from "./prompt-drawing";
import type { CanvasPoint } from "./prompt-drawing";

const SVG = "http://www.w3.org/2000/svg";
/** Of a point's mark, in pixels of the screen. */
export const MARK_RADIUS = 9;
const ARM = 5;
/** Half the length of the crosshair's lines. */
const CROSS = 14;

/** All that lies over the picture. */
export interface Scene {
  drawing: Drawing;
  /** The box that is being drawn. */
  draft: BoundingBox | undefined;
  crosshair: CanvasPoint | undefined;
  segments: readonly Segment[];
}

/** Draws over a picture that is shown in this size. Black and white side by side can be seen on every picture. */
export function drawScene(svg: SVGSVGElement, size: ImageSize, { drawing, draft, crosshair, segments }: Scene): void {
  svg.replaceChildren(
    ...segments.flatMap((segment, index) => outline(segment, segmentColour(index), size)),
    ...drawing.boxes.flatMap((box) => frame(box, size)),
    ...(draft === undefined ? [] : frame(draft, size)),
    ...drawing.points.map((point) => mark(point, size)),
    ...(crosshair === undefined ? [] : cross(crosshair, size)),
  );
}

function shape(name: string, attributes: Record<string, string | number>, ...children: SVGElement[]): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

/** One line in black, and a narrower one in a bright colour on it. */
function twice(name: string, attributes: Record<string, string | number>, colour: string, dashes = ""): SVGElement[] {
  return [
    shape(name, { ...attributes, fill: "none", stroke: "#000", "stroke-width": 4, "stroke-linejoin": "round" }),
    shape(name, { ...attributes, fill: "none", stroke: colour, "stroke-width": 2, "stroke-dasharray": dashes }),
  ];
}

function outline(segment: Segment, colour: string, size: ImageSize): SVGElement[] {
  const d = outlinePath(segment, size);
  const area = shape("path", { d, fill: colour, "fill-opacity": 0.35, "fill-rule": "evenodd" });
  return [area, ...twice("path", { d, class: "segment-start-outline" }, colour)];
}

function frame({ xMin, yMin, xMax, yMax }: BoundingBox, { width, height }: ImageSize): SVGElement[] {
  const place = { x: xMin * width, y: yMin * height };
  return twice("rect", { ...place, width: (xMax - xMin) * width, height: (yMax - yMin) * height }, "#fff", "6 4");
}

/** On the object a plus on white, beside it a minus on black. */
function mark({ x, y, label }: DrawnPoint, { width, height }: ImageSize): SVGElement {
  const [ground, ink] = label === 1 ? ["#fff", "#000"] : ["#000", "#fff"];
  const sign = `M-${ARM},0H${ARM}${label === 1 ? `M0,-${ARM}V${ARM}` : ""}`;
  return shape(
    "g",
    { transform: `translate(${x * width},${y * height})`, "data-label": label },
    shape("circle", { r: MARK_RADIUS + 1, fill: ink }),
    shape("circle", { r: MARK_RADIUS - 1, fill: ground }),
    shape("path", { d: sign, stroke: ink, "stroke-width": 2.5 }),
  );
}

function cross({ x, y }: CanvasPoint, { width, height }: ImageSize): SVGElement[] {
  const [left, top] = [x * width, y * height];
  const d = `M${left - CROSS},${top}H${left + CROSS}M${left},${top - CROSS}V${top + CROSS}`;
  return twice("path", { d }, "#fff");
}
