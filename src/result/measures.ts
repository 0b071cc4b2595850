import type { BoundingBox, ImageSize } from "../api";
import { coverage } from "./coverage";
import { boxAround, moments, partsOf, type Corner, type Ring } from "./parts";
import type { FoundSegment } from "./read";

/** The measures of a shape, in fractions of the upright picture unless stated otherwise. */
interface ShapeMeasures {
  /** The covered part of the picture, without holes: 0..1. */
  area: number;
  areaPixels: number;
  /** Only when the size of a pixel is known. */
  areaMm2?: number;
  /** Null when there is no shape. */
  boundingBox: BoundingBox | null;
  /** Centre of mass; it may lie in a hole. Null when there is no shape. */
  centroid: Corner | null;
  /** 0..1 */
  score: number;
}

/** What is measured of a segment. */
export interface SegmentMeasures extends ShapeMeasures {
  label?: string;
}

/** `msg.measures` */
export interface Measures {
  /** Of all segments together: overlaps count once, the score is the lowest (0 when there are none). */
  total: ShapeMeasures & { count: number };
  /** In the order of the results; within a result the best first. */
  segments: SegmentMeasures[];
}

type Shape = Pick<ShapeMeasures, "area" | "centroid">;

/** The union of segments that may overlap is counted on a grid of at most this many cells. */
const GRID_CELLS = 1024 ** 2;

/**
 * Measures segments exactly, by their polygons; only the total of segments that may overlap is counted on a grid, see
 * `GRID_CELLS`.
 * @param size of the upright picture, in pixels
 * @param mmPerPixel the real length of a pixel's side, in millimetres
 */
export function measure(segments: readonly FoundSegment[], size: ImageSize, mmPerPixel?: number): Measures {
  const each = segments.map((segment) => measureSegment(segment, size, mmPerPixel));
  const boundingBox = boxAround(segments.flatMap(({ rings }) => rings));
  const { area, centroid } = areApart(each) ? sumOf(each, boundingBox) : unionShape(segments, size);
  const total = {
    ...units(area, size, mmPerPixel),
    boundingBox,
    centroid,
    score: Math.min(...each.map(({ score }) => score), each.length === 0 ? 0 : Infinity),
    count: each.length,
  };
  return { total, segments: each };
}

/** Measures one segment, exactly by its polygons; size and scale as for {@link measure}. */
export function measureSegment(
  { score, label, rings }: FoundSegment,
  size: ImageSize,
  mmPerPixel?: number,
): SegmentMeasures {
  const { area, centroid } = exactShape(rings);
  const named = label === undefined ? {} : { label };
  return { ...units(area, size, mmPerPixel), boundingBox: boxAround(rings), centroid, score, ...named };
}

function units(
  area: number,
  { width, height }: ImageSize,
  mmPerPixel: number | undefined,
): Pick<ShapeMeasures, "area" | "areaPixels" | "areaMm2"> {
  const areaPixels = area * width * height;
  return { area, areaPixels, ...(mmPerPixel === undefined ? {} : { areaMm2: areaPixels * mmPerPixel ** 2 }) };
}

function exactShape(rings: readonly Ring[]): Shape {
  // Outlines have positive, holes negative moments.
  const sums = partsOf(rings)
    .flatMap(({ outline, holes }) => [outline, ...holes])
    .map(moments);
  const sum = (key: "area" | "x" | "y"): number => sums.reduce((total, part) => total + part[key], 0);
  const area = sum("area");
  return { area, centroid: area > 0 ? { x: sum("x") / area, y: sum("y") / area } : middleOf(boxAround(rings)) };
}

/** Whether no two shapes can overlap. */
function areApart(shapes: readonly Pick<ShapeMeasures, "boundingBox">[]): boolean {
  const boxes = shapes.flatMap(({ boundingBox }) => boundingBox ?? []).sort((a, b) => a.xMin - b.xMin);
  return boxes.every((one, index) =>
    boxes.slice(index + 1).every((other) => other.xMin >= one.xMax || other.yMin >= one.yMax || other.yMax <= one.yMin),
  );
}

/** Shapes that do not overlap, as one shape. */
function sumOf(shapes: readonly Shape[], boundingBox: BoundingBox | null): Shape {
  const area = shapes.reduce((sum, shape) => sum + shape.area, 0);
  if (area === 0) return { area, centroid: middleOf(boundingBox) };
  const mean = (key: keyof Corner): number =>
    shapes.reduce((sum, shape) => sum + shape.area * (shape.centroid?.[key] ?? 0), 0) / area;
  return { area, centroid: { x: mean("x"), y: mean("y") } };
}

/** The union of segments, counted on a grid. */
function unionShape(segments: readonly FoundSegment[], { width, height }: ImageSize): Shape {
  const scale = Math.min(1, Math.sqrt(GRID_CELLS / (width * height)));
  const grid = { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
  const columns = coverage(
    segments.map(({ rings }) => rings),
    grid,
  );
  let [cells, x, y] = [0, 0, 0];
  columns.forEach((rows, column) => {
    for (let index = 0; index < rows.length; index += 2) {
      const [start = 0, end = 0] = rows.slice(index, index + 2);
      const run = end - start;
      cells += run;
      x += run * (column + 0.5);
      y += (run * (start + end)) / 2;
    }
  });
  const centroid =
    cells > 0
      ? { x: x / cells / grid.width, y: y / cells / grid.height }
      : middleOf(boxAround(segments.flatMap(({ rings }) => rings)));
  return { area: cells / (grid.width * grid.height), centroid };
}

function middleOf(box: BoundingBox | null): Corner | null {
  return box === null ? null : { x: (box.xMin + box.xMax) / 2, y: (box.yMin + box.yMax) / 2 };
}
