import type { Semaphore } from "../../src/async/semaphore";
import { MAX_PICTURE_BYTES } from "../../src/api";
import { addressText, fetchUrl } from "../../src/client";
import { readPicture, type Picture } from "../common/picture.lazy";
import { readAllowedFile } from "./allowed-files.lazy";
import { allowedUrls, refuseUrl } from "./allowed-urls.lazy";
import { givenPicture, type JsonMessage, type Source } from "./picture-source.lazy";

/** How a picture is read that is in a file or at an address. */
interface Access {
  /** Of Node-RED: the content of settings.js. */
  settings: object;
  timeoutMs: () => Promise<number>;
  /** How many such pictures may be in memory at once. */
  atOnce: Semaphore;
  signal: AbortSignal;
}

/** A picture, and what it was taken from. */
export interface TakenPicture {
  picture: Picture;
  /** When the message came, in milliseconds since 1970. */
  receivedAt: number;
  /** The value in which the picture was found, and where that was, in the user's terms. */
  place: string;
  value: unknown;
  /** The JSON message that held the picture. */
  message?: JsonMessage;
  /** To be called when the picture is no longer used, so that the next one can be read. */
  release: () => void;
}

/**
 * Takes the picture that a message gives in any of the forms of `givenPicture`. One in a file or at an address is read
 * when there is room for it, which it takes until it is released: a folder may hold thousands.
 * @param place where the value was found, in the user's terms, for errors
 * @throws {SegmentError} `invalid-image`; `not-allowed`, `unreachable` for a file or address
 */
export async function takePicture(place: string, value: unknown, access: Access): Promise<TakenPicture> {
  const receivedAt = Date.now();
  const { source, message, ...given } = givenPicture(place, value);
  const release = "bytes" in source ? noop : await access.atOnce.acquire(access.signal);
  try {
    const picture = await readPicture(given.place, await bytesOf(given.place, source, access));
    return { picture, receivedAt, place, value, message, release };
  } catch (error) {
    release();
    throw error;
  }
}

function noop(): void {
  // the bytes are the message's own: there is nothing to release
}

async function bytesOf(place: string, source: Source, { settings, timeoutMs, signal }: Access): Promise<Buffer> {
  if ("bytes" in source) return source.bytes;
  if ("path" in source) {
    return readAllowedFile(place, source.path, Reflect.get(settings, "segmentAllowedFolders"), signal);
  }
  const isAllowed = allowedUrls(Reflect.get(settings, "segmentAllowedUrls"));
  const check = (url: URL): void => {
    if (!isAllowed(url)) refuseUrl(`${place}: the address ${addressText(url)}`);
  };
  check(source.url); // before a service is started for its time-out
  return fetchUrl(source.url, { check, timeoutMs: await timeoutMs(), maxBytes: MAX_PICTURE_BYTES, signal });
}
