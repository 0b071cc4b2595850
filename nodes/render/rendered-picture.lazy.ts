import type { NodeMessage } from "node-red";
import {
  fileIdentityOf,
  fileReferenceSchema,
  imageSizeSchema,
  MAX_PIXELS,
  preview,
  SegmentError,
  type FileReference,
  type ImageSize,
} from "../../src/api";
import type { Result } from "../../src/result";
import type { Connection } from "../service/connection";
import { readPicture, type Picture } from "../common/picture.lazy";
import { segmentOf } from "../common/segment-of";

/** Where a picture may come from. */
interface Sources {
  /** The picture of the message; undefined or null when only the service has it. */
  given: unknown;
  /** How the user would call the property where `given` was found, for errors. */
  name: string;
  results: Result[];
  /** May know the size, and the file when the results don't. */
  msg: NodeMessage;
  /** The service that has the file. */
  service: () => Promise<Connection>;
  signal: AbortSignal;
}

/** The picture that results are about. Its bytes are read or downloaded only when they are needed. */
export class RenderedPicture {
  #picture: Promise<Picture> | undefined;

  constructor(private readonly sources: Sources) {}

  /**
   * Size in pixels of the upright picture: from the message, else from the picture's header.
   * @throws {SegmentError} `invalid-image` when it is too large; as `read`
   */
  async size(): Promise<ImageSize> {
    const { msg } = this.sources;
    const { payload } = msg;
    const ofPayload = typeof payload === "object" && payload !== null && "imageSize" in payload && payload.imageSize;
    const known = [segmentOf(msg).imageSize, ofPayload].map((size) => imageSizeSchema.safeParse(size).data);
    const size = known.find((found) => found !== undefined) ?? (await this.read()).imageSize;
    checkSize(size);
    return size;
  }

  /**
   * The file that holds this picture on a service; undefined when another service has it, or when the message's picture
   * may not be that of the file.
   * @throws {SegmentError} `invalid-image` when there is neither a picture nor a file; as `read`
   */
  async fileOn({ service }: Pick<Connection, "service">): Promise<FileReference | undefined> {
    if (!this.#isGiven) return (await this.sources.service()).service === service ? this.#file : undefined;
    const segment = segmentOf(this.sources.msg);
    const file = fileReferenceSchema.safeParse(segment.file).data;
    if (file === undefined || segment.service !== service) return undefined;
    return segment.sha256 === (await this.read()).sha256 ? file : undefined;
  }

  /** @throws {SegmentError} `invalid-image`; as `connectionOfJob` and the client when it must be downloaded */
  read(): Promise<Picture> {
    return (this.#picture ??= this.#read());
  }

  async #read(): Promise<Picture> {
    const { name, given } = this.sources;
    const picture = this.#isGiven ? await readPicture(name, given) : await this.#download();
    checkSize(picture.imageSize);
    return picture;
  }

  get #isGiven(): boolean {
    return this.sources.given !== undefined && this.sources.given !== null;
  }

  async #download(): Promise<Picture> {
    const file = this.#file;
    const client = await (await this.sources.service()).client();
    const bytes = await client.downloadFile(fileIdentityOf(file), { signal: this.sources.signal });
    return readPicture(`The service's file ${preview(file)}`, bytes);
  }

  /** The file of the results, else that of the message. */
  get #file(): FileReference {
    const { results, msg, name } = this.sources;
    const references = [...results.map(({ file }) => file), segmentOf(msg).file];
    const file = references
      .map((item) => fileReferenceSchema.safeParse(item).data)
      .find((found) => found !== undefined);
    if (file !== undefined) return file;
    throw new SegmentError(
      "invalid-image",
      `There is no picture in ${name}, and neither the result nor msg.segment.file names a file on the service`,
    );
  }
}

function checkSize({ width, height }: ImageSize): void {
  if (width * height <= MAX_PIXELS) return;
  throw new SegmentError(
    "invalid-image",
    `The picture is too large: ${width} x ${height} pixels, at most ${MAX_PIXELS / 1e6} megapixels are taken. ` +
      "Scale it down before it is uploaded.",
  );
}
