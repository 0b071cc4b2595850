import { RecentMap } from "../async/recent-map";

/** What a worker may keep of pictures: of sam 12 of 1024 x 768 or larger, 30 of 400 x 300. */
const MAX_BYTES = 176 * 2 ** 20;

/** Keeps what was computed of the pictures that were used last, by their sha256. */
export function pictureCache<T>(byteLength: (entry: T) => number): RecentMap<string, T> {
  return new RecentMap(MAX_BYTES, byteLength);
}
