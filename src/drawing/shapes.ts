/**
 * Segments and prompts as shapes of SVG, in pixels. They are plain data: `toMarkup` writes them as text, the prompt editor
 * makes elements of them.
 */
import type { BoundingBox, ImageSize } from "../api";
import { BOX, OUTLINE, POINT, thinLine } from "./style";

/** What shapes are drawn on. */
export interface Canvas {
  /** In px. */
  size: ImageSize;
  /** Width in px of a thin line. */
  line: number;
  /** Applied to each length and coordinate that a shape gets. */
  round: (pixels: number) => number;
}

/** An element of SVG. Texts in its attributes need no escaping. */
export interface Shape {
  name: "path" | "rect" | "circle" | "g";
  attributes: Record<string, string | number>;
  children?: Shape[];
}

/** A position on a picture in fractions of its width and height. */
interface Corner {
  x: number;
  y: number;
}

/** A picture of that size; coordinates get at most two decimals unless `round` says otherwise. */
export function canvasOf(size: ImageSize, round = hundredths): Canvas {
  return { size, line: thinLine(size), round };
}

/** The translucent fill of a segment, its halo and its line. */
export function outlineShapes(path: string, colour: string, { line, round }: Canvas): Shape[] {
  const stroke = (ink: string, width: number, opacity: Shape["attributes"] = {}): Shape["attributes"] => ({
    d: path,
    fill: "none",
    stroke: ink,
    ...opacity,
    "stroke-width": round(width * line),
    "stroke-linejoin": "round",
  });
  const fill = { d: path, fill: colour, "fill-opacity": OUTLINE.fillOpacity, "fill-rule": "evenodd" };
  const halo = stroke("#000", OUTLINE.halo, { "stroke-opacity": OUTLINE.haloOpacity });
  return [fill, halo, stroke(colour, OUTLINE.line)].map((attributes) => ({ name: "path", attributes }));
}

/** A box, dashed in black and white. */
export function boxShapes(box: BoundingBox, { size: { width, height }, line, round }: Canvas): Shape[] {
  const attributes = {
    x: round(box.xMin * width),
    y: round(box.yMin * height),
    width: round((box.xMax - box.xMin) * width),
    height: round((box.yMax - box.yMin) * height),
    fill: "none",
    "stroke-width": round(BOX.line * line),
  };
  const dashes = `${round(BOX.dash * line)} ${round(BOX.gap * line)}`;
  return [
    { name: "rect", attributes: { ...attributes, stroke: "#000" } },
    { name: "rect", attributes: { ...attributes, stroke: "#fff", "stroke-dasharray": dashes } },
  ];
}

/** A point: on the object a plus on white, beside it a minus on black. */
export function pointShape(point: Corner, isForeground: boolean, canvas: Canvas): Shape {
  const { line, round } = canvas;
  const arm = round(POINT.arm * line);
  const [ground, ink] = isForeground ? ["#fff", "#000"] : ["#000", "#fff"];
  const disc = { r: round(POINT.radius * line), fill: ground };
  const sign = { d: `M-${arm},0H${arm}${isForeground ? `M0,-${arm}V${arm}` : ""}` };
  return {
    name: "g",
    attributes: {
      transform: `translate(${pixels(point, canvas)})`,
      stroke: ink,
      "stroke-width": round(POINT.line * line),
    },
    children: [
      { name: "circle", attributes: disc },
      { name: "path", attributes: sign },
    ],
  };
}

/** Rings in fractions of a picture as one path in its pixels: filled by the even-odd rule, holes stay open. */
export function ringsPath(rings: readonly (readonly Corner[])[], canvas: Canvas): string {
  return rings.map((ring) => `M${ring.map((corner) => pixels(corner, canvas)).join("L")}Z`).join("");
}

/** A shape as text of SVG. */
export function toMarkup({ name, attributes, children = [] }: Shape): string {
  const head = [name, ...Object.entries(attributes).map(([key, value]) => `${key}="${value}"`)].join(" ");
  return children.length === 0 ? `<${head}/>` : `<${head}>${children.map(toMarkup).join("")}</${name}>`;
}

/** A number of pixels with at most two decimals. */
export function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}

function pixels({ x, y }: Corner, { size, round }: Canvas): string {
  return `${round(x * size.width)},${round(y * size.height)}`;
}
