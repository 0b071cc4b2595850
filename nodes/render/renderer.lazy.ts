import type { NodeAPI, NodeMessage } from "node-red";
import { SegmentError, type BoundingBox } from "../../src/api";
import { measure, measureSegment, pickSegments, readPick, readResults, toSvg, type Result } from "../../src/result";
import { lazy } from "../../src/async/lazy";
import type { Input } from "../common/inputs";
import { segmentOf } from "../common/segment-of";
import type { Connection } from "../service/connection";
import type { PictureLinks } from "./picture-links";
import { readFormats, readScale, renderForms, type Formats } from "./render-forms.lazy";
import { RenderedPicture } from "./rendered-picture.lazy";

/** What a node gives to its renderer. */
export interface RendererOptions {
  result: Input;
  /** `all`, `best`, or the bounding box of the segment to show. */
  pick: Input;
  scale: Input;
  image: Input;
  /** The node's list of outputs as it stands in the flow. */
  formats: unknown;
  forDashboard: boolean;
  /** The service that has the file of a message. */
  serviceOf: (msg: NodeMessage, signal: AbortSignal) => Promise<Connection>;
  /** Draws for services that don't. */
  drawing: Connection;
  links: PictureLinks;
  setProperty: NodeAPI["util"]["setMessageProperty"];
}

/** Renders the results of the messages of one node. */
export class Renderer {
  readonly #formats: Formats;

  /** @throws {SegmentError} `no-config` when the list of outputs can't be used */
  constructor(private readonly options: RendererOptions) {
    this.#formats = readFormats(options.formats);
  }

  /**
   * Adds measures, formats and the payload for a dashboard to a message.
   * @throws {SegmentError} `invalid-result`, `invalid-image`; as the service that has the picture or draws it
   */
  async render(msg: NodeMessage, signal: AbortSignal): Promise<void> {
    const { result, pick, scale, forDashboard, links } = this.options;
    const results = readResults(result.name, await result.read(msg), segmentOf(msg));
    const box = await this.#chosenBox(msg);
    const mmPerPixel = readScale(scale.name, await scale.read(msg));
    const service = lazy(() => this.options.serviceOf(msg, signal));
    const drawer = lazy(async () => this.#drawerOf(await service()));
    const picture = await this.#pictureOf(msg, results, service, signal);

    const size = await picture.size();
    const found = results.flatMap(({ segments }) => segments);
    const segments = pick.type === "all" ? found : pickSegments(results, box);
    const prompts = results.map(({ prompt }) => prompt);
    const measures = measure(segments, size, mmPerPixel);
    const forms = await renderForms(this.#formats, { segments, prompts, size, picture, drawer, signal });
    const dashboard = forDashboard && {
      svg: toSvg(segments, prompts, size),
      measures,
      candidates: found.map((segment) => {
        const index = segments.indexOf(segment);
        return { ...(measures.segments[index] ?? measureSegment(segment, size, mmPerPixel)), shown: index >= 0 };
      }),
      imageUrl: links.urlOf(await picture.read()),
      imageSize: size,
      score: measures.total.score,
    };

    Object.assign(msg, { measures });
    for (const { property, value } of forms) this.#set(msg, property, value);
    if (dashboard !== false) msg.payload = dashboard;
  }

  async #chosenBox(msg: NodeMessage): Promise<BoundingBox | undefined> {
    const { pick } = this.options;
    return ["all", "best"].includes(pick.type) ? undefined : readPick(pick.name, await pick.read(msg));
  }

  async #pictureOf(
    msg: NodeMessage,
    results: Result[],
    service: () => Promise<Connection>,
    signal: AbortSignal,
  ): Promise<RenderedPicture> {
    const { image } = this.options;
    const given = await image.read(msg);
    return new RenderedPicture({
      given,
      name: image.name,
      results,
      msg,
      service,
      signal,
    });
  }

  /** The service that draws: the one that has the file, if it draws. */
  async #drawerOf(connection: Connection): Promise<Connection> {
    return (await connection.draws()) ? connection : this.options.drawing;
  }

  #set(msg: NodeMessage, property: string, value: unknown): void {
    const isSet: unknown = this.options.setProperty(msg, property, value, true);
    if (isSet !== false) return;
    throw new SegmentError("invalid-result", `msg.${property} can't be set: choose another property for this output`);
  }
}
