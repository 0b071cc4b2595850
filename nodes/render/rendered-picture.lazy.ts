import type { NodeMessage } from "node-red";
import {
  fileIdentityOf,
  fileReferenceSchema,
  imageSizeSchema,
  MAX_PIXELS,
  preview,
  SegmentError,
  type ImageSize,
} from "../../src/api";
import type { Result } from "../../src/result";
import { type Connection } from "../service/connection";
import { readPicture, type Picture } from "../common/picture.lazy";
import { segmentOf } from "../common/segment-of";

/** The picture that results are about: read, or fetched from the service, only when it is needed. */
export class RenderedPicture {
  #picture: Promise<Picture> | undefined;

  /**
   * @param place how the user would call where `given` was found, for errors
   * @param given the picture of the message; undefined or null: the service has it
   * @param msg may know the size, and the file when the results don't
   */
  constructor(
    private readonly place: string,
    private readonly given: unknown,
    private readonly results: Result[],
    private readonly msg: NodeMessage,
    private readonly service: () => Promise<Connection>,
    private readonly signal: AbortSignal,
  ) {}

  /**
   * Size in pixels of the upright picture: as the message knows it, else by the picture's header.
   * @throws {SegmentError} `invalid-image` when it is too large; as `read`
   */
  async size(): Promise<ImageSize> {
    const { payload } = this.msg;
    const ofPayload = typeof payload === "object" && payload !== null && "imageSize" in payload && payload.imageSize;
    const known = [segmentOf(this.msg).imageSize, ofPayload].map((size) => imageSizeSchema.safeParse(size).data);
    const size = known.find((found) => found !== undefined) ?? (await this.read()).imageSize;
    checkSize(size);
    return size;
  }

  /** @throws {SegmentError} `invalid-image`; as `connectionOfJob` and the client when it has to be fetched */
  read(): Promise<Picture> {
    return (this.#picture ??= this.#read());
  }

  async #read(): Promise<Picture> {
    const isGiven = this.given !== undefined && this.given !== null;
    const picture = isGiven ? await readPicture(this.place, this.given) : await this.#fetch();
    checkSize(picture.imageSize);
    return picture;
  }

  async #fetch(): Promise<Picture> {
    const references = [...this.results.map(({ file }) => file), segmentOf(this.msg).file];
    const file = references
      .map((item) => fileReferenceSchema.safeParse(item).data)
      .find((found) => found !== undefined);
    if (file === undefined) {
      throw new SegmentError(
        "invalid-image",
        `There is no picture in ${this.place}, and neither the result nor msg.segment.file names a file on the service`,
      );
    }
    const client = await (await this.service()).client();
    const bytes = await client.downloadFile(fileIdentityOf(file), { signal: this.signal });
    return readPicture(`The service's file ${preview(file)}`, bytes);
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
