import { z } from "zod";
import { SegmentError } from "../../src/api";
import { percentDecoded } from "../common/percent-encoding";

const SETTING = "segmentAllowedUrls";
/** Layers of percent-encoding that a legitimate path may have. */
const MOST_ROUNDS = 5;

/**
 * Makes a check of addresses from the list of allowed beginnings. A beginning is an origin and whole segments of a path:
 * `http://cam/pictures` allows `http://cam/pictures/1.jpg`, but not `http://cam/pictures-of-others`.
 * @param setting the setting of settings.js; undefined for none
 * @throws {SegmentError} `not-allowed` when the list can't be used
 */
export function allowedUrls(setting: unknown): (url: URL) => boolean {
  const parsed = z.array(z.string().refine(isPrefix)).safeParse(setting ?? []);
  if (!parsed.success) {
    throw new SegmentError("not-allowed", `${SETTING} in settings.js must be a list of http(s) addresses`);
  }
  const prefixes = parsed.data.map((prefix) => new URL(prefix));
  return (url) => isHttp(url) && !hidesSteps(url.pathname) && prefixes.some((prefix) => isBelow(prefix, url));
}

/** @throws {SegmentError} `not-allowed` */
export function refuseUrl(what: string): never {
  throw new SegmentError(
    "not-allowed",
    `${what} is not allowed: add the beginning of such addresses to ${SETTING} in settings.js and restart Node-RED`,
  );
}

function isPrefix(text: string): boolean {
  return URL.canParse(text) && isHttp(new URL(text));
}

function isHttp({ protocol }: URL): boolean {
  return protocol === "http:" || protocol === "https:";
}

function isBelow(prefix: URL, url: URL): boolean {
  const folder = prefix.pathname.replace(/\/*$/, "/");
  return url.origin === prefix.origin && (`${url.pathname}/` === folder || url.pathname.startsWith(folder));
}

/** Whether a path hides a `..` that only some servers see: encoded, behind an encoded slash, or with a parameter. */
function hidesSteps(path: string): boolean {
  let text = path;
  for (let round = 0; ; round++) {
    if (/(^|[/\\])\.{1,2}(;[^/\\]*)?([/\\]|$)/.test(text)) return true;
    const decoded = percentDecoded(text);
    if (decoded === text) return false;
    if (decoded === undefined) return round === 0; // %E4: servers differ in what they read; but 100%25 is 100%
    if (round === MOST_ROUNDS) return true;
    text = decoded;
  }
}
