/** Pure functions on results: measures, and the forms in which people use them. No HTTP, no pixels, no Node-RED. */
export { toGeoJson, type FeatureCollection } from "./geojson";
export { measure, measureSegment, type Measures } from "./measures";
export { pickSegments, readPick } from "./pick";
export type { Ring } from "./parts";
export { readResults, type FoundSegment, type Result } from "./read";
export { toRle, type Rle } from "./rle";
export { toSvg } from "./svg";
