import { RecentMap } from "../async/recent-map";

/** Memory in bytes that a worker may use to keep pictures: with sam 12 of 1024 x 768 or larger, 30 of 400 x 300. */
const MAX_BYTES = 176 * 2 ** 20;

/** Keeps the data computed from the most recent pictures, by their sha256. */
export function pictureCache<T>(byteLength: (entry: T) => number): RecentMap<string, T> {
  return new RecentMap(MAX_BYTES, byteLength);
}
