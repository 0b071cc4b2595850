import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isMissing, writeDurably } from "../store";
import { HttpError } from "./http-error";

const KEY_BYTES = 32;

/** What a signed link allows: to upload a file's bytes (PUT) or to download them (GET). */
export type LinkMethod = "PUT" | "GET";

/** Signs links to files, so that they work for a while without the token. */
export class UrlSigner {
  constructor(private readonly key: Uint8Array) {}

  /** Creates a signer whose key is kept in a file, so that links survive a restart. Creates the file if it is missing. */
  static async open(file: string): Promise<UrlSigner> {
    let key: Buffer | undefined;
    try {
      key = await readFile(file);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    if (key?.length !== KEY_BYTES) {
      key = randomBytes(KEY_BYTES);
      await writeDurably(file, key);
    }
    return new UrlSigner(key);
  }

  /** The query of a link that works for `seconds` from now. */
  sign(method: LinkMethod, fileId: number, seconds: number): string {
    const expires = Math.ceil(Date.now() / 1000) + seconds;
    return `expires=${expires}&signature=${this.#signature(method, fileId, expires).toString("base64url")}`;
  }

  /** Checks a link's query. @throws {HttpError} 403 when the signature is wrong or the link has expired */
  verify(method: LinkMethod, fileId: number, { expires, signature }: { expires: number; signature: string }): void {
    const given = Buffer.from(signature, "base64url");
    const expected = this.#signature(method, fileId, expires);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new HttpError(403, "The link's signature is wrong");
    }
    if (expires * 1000 < Date.now()) throw new HttpError(403, "The link has expired: request a new one");
  }

  #signature(method: LinkMethod, fileId: number, expires: number): Buffer {
    return createHmac("sha256", this.key).update(`${method} ${fileId} ${expires}`).digest();
  }
}
