import { z } from "zod";
import { SegmentError } from "../../src/api";

const SETTING = "segmentAllowedUrls";
/** So often an honest path is coded at most. */
const MOST_ROUNDS = 5;

/**
 * Makes a check of addresses from the list of allowed beginnings. Such a beginning counts as origin and path, whole parts
 * of a path only: `http://cam/pictures` allows `http://cam/pictures/1.jpg`, not `http://cam/pictures-of-others`.
 * @param setting that of settings.js; undefined: none
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

/** Whether a path holds `..` that only some servers see: coded once or more, behind a coded slash, or with a parameter. */
function hidesSteps(path: string): boolean {
  let text = path;
  for (let round = 0; ; round++) {
    if (/(^|[/\\])\.{1,2}(;[^/\\]*)?([/\\]|$)/.test(text)) return true;
    const decoded = decode(text);
    if (decoded === text) return false;
    if (decoded === undefined) return round === 0; // %E4: a server may make anything of it; but 100%25 is 100%
    if (round === MOST_ROUNDS) return true;
    text = decoded;
  }
}

/** Undefined when a text can't be decoded. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
