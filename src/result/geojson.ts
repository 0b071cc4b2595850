import type { ImageSize } from "../api";
import { partsOf, type Ring } from "./parts";
import type { FoundSegment } from "./read";

type Position = [x: number, y: number];
type PolygonCoordinates = Position[][];

interface Feature {
  type: "Feature";
  properties: { score: number; label: string | null };
  geometry:
    { type: "Polygon"; coordinates: PolygonCoordinates } | { type: "MultiPolygon"; coordinates: PolygonCoordinates[] };
}
export interface FeatureCollection {
  type: "FeatureCollection";
  features: Feature[];
}

/**
 * Segments as GeoJSON: one feature each, a Polygon for one piece, else a MultiPolygon. Coordinates are pixels of the upright
 * picture, origin at the top left, y down. Rings are closed; outlines have a positive area, holes a negative one.
 */
export function toGeoJson(segments: readonly FoundSegment[], size: ImageSize): FeatureCollection {
  return { type: "FeatureCollection", features: segments.map((segment) => toFeature(segment, size)) };
}

function toFeature({ score, label = "", rings }: FoundSegment, size: ImageSize): Feature {
  const polygons = partsOf(rings).map(({ outline, holes }) => [outline, ...holes].map((ring) => positions(ring, size)));
  const [first] = polygons;
  return {
    type: "Feature",
    properties: { score, label: label === "" ? null : label },
    geometry:
      polygons.length === 1 && first !== undefined
        ? { type: "Polygon", coordinates: first }
        : { type: "MultiPolygon", coordinates: polygons },
  };
}

function positions(ring: Ring, { width, height }: ImageSize): Position[] {
  return [...ring, ...ring.slice(0, 1)].map(({ x, y }) => [x * width, y * height]);
}
