import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { NodeAPI } from "node-red";
import { RecentMap } from "../../src/async/recent-map";
import type { Picture } from "../common/picture.lazy";

const PATH = "segment-render/pictures/";
const LIFE_MS = 10 * 60_000;
const MAX_BYTES = 64 * 2 ** 20;

/** A picture for a browser. */
type Shown = Pick<Picture, "bytes" | "mimeType" | "sha256">;

/**
 * Keeps the newest pictures (64 MB) in memory and gives out links to them, so that a dashboard need not send them through
 * its socket. A link is signed with a key of this process and lives 10 minutes.
 */
export class PictureLinks {
  readonly #root: string | undefined;
  readonly #key = randomBytes(32);
  /** By hash. */
  readonly #pictures = new RecentMap<string, Shown>(MAX_BYTES, ({ bytes }) => bytes.length);

  /** @param root the path of Node-RED's HTTP nodes; undefined when it serves none */
  constructor(root: string | undefined) {
    this.#root = root;
  }

  /** Keeps a picture and returns the path of a link to it, without a host; null when Node-RED serves no HTTP nodes. */
  urlOf(picture: Shown): string | null {
    if (this.#root === undefined) return null;
    const { bytes, mimeType, sha256 } = picture;
    this.#pictures.set(sha256, { bytes, mimeType, sha256 });
    const expires = Date.now() + LIFE_MS;
    return `${this.#root}${PATH}${sha256}?expires=${expires}&signature=${this.#sign(sha256, expires)}`;
  }

  /** The picture of a link with the milliseconds that it still lives; undefined when it is not ours, expired or gone. */
  find(sha256: string, expires: number, signature: string): (Shown & { leftMs: number }) | undefined {
    const right = Buffer.from(this.#sign(sha256, expires));
    const given = Buffer.from(signature);
    const leftMs = expires - Date.now();
    const picture = this.#pictures.peek(sha256);
    if (picture === undefined || given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
    return leftMs > 0 ? { ...picture, leftMs } : undefined;
  }

  #sign(sha256: string, expires: number): string {
    return createHmac("sha256", this.#key).update(`${sha256}.${expires}`).digest("hex");
  }
}

/** Serves the pictures of all nodes by one route among Node-RED's HTTP nodes. To be called once. */
export function servePictures(RED: NodeAPI): PictureLinks {
  const links = new PictureLinks(rootOf(RED.settings));
  RED.httpNode.get(`/${PATH}:sha256`, (request, response) => {
    const { expires, signature } = request.query;
    const picture =
      typeof signature === "string" ? links.find(request.params.sha256, Number(expires), signature) : undefined;
    response.set("x-content-type-options", "nosniff");
    if (picture === undefined) {
      response.set("cache-control", "no-store").sendStatus(404);
      return;
    }
    response
      .set({ "cache-control": `private, max-age=${Math.floor(picture.leftMs / 1000)}`, etag: `"${picture.sha256}"` })
      .type(picture.mimeType)
      .send(picture.bytes);
  });
  return links;
}

/** The path under which Node-RED serves its HTTP nodes, with a slash at both ends; undefined when it is switched off. */
function rootOf({ httpNodeRoot }: { httpNodeRoot?: unknown }): string | undefined {
  if (httpNodeRoot === false) return undefined;
  const path = typeof httpNodeRoot === "string" ? httpNodeRoot.replace(/^\/+|\/+$/g, "") : "";
  return path === "" ? "/" : `/${path}/`;
}
