// The texts that the prompt editor shows.
import type { BoundingBox, Segment } from "../../../src/api";
import type { CanvasPoint } from "./prompt-drawing";

/** Reads a text of the catalogue. */
export type Translate = (key: string, values?: Record<string, string | number>) => string;

/** The result of a prompt that was tried: the best segment of each job. */
export interface Trial {
  segments: Segment[];
  /** The lowest score of the segments; null when nothing was found. */
  score: number | null;
  /** From the request to the last result. */
  ms: number;
  engine?: { name: string };
}

/** A request to the runtime has failed. */
export class RequestFailure extends Error {
  readonly code: string | undefined;

  /**
   * @param status of HTTP; 0 without a response
   * @param body of the response
   */
  constructor(
    readonly status: number,
    body: { code?: string; message?: string } = {},
  ) {
    super(body.message ?? String(status));
    this.code = body.code;
  }
}

export function trialText(text: Translate, { segments, score, ms, engine }: Trial): string {
  const values = { seconds: (ms / 1000).toFixed(1), engine: engine?.name ?? "" };
  if (score === null) return text("segment-start.prompt.nothing", values);
  const key = segments.length > 1 ? "segment-start.prompt.results" : "segment-start.prompt.result";
  return text(key, { ...values, count: segments.length, score: score.toFixed(2) });
}

export function failureText(text: Translate, error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof RequestFailure) {
    if (error.status === 401) return text("segment-start.prompt.noPermission");
    if (error.code === "no-picture") return text("segment-start.prompt.noPicture", { reason });
  }
  return text("segment-start.prompt.failed", { reason });
}

export function boxText(text: Translate, { xMin, yMin, xMax, yMax }: BoundingBox, isReplaced: boolean): string {
  const corners = { from: percent({ x: xMin, y: yMin }), to: percent({ x: xMax, y: yMax }) };
  return text(isReplaced ? "segment-start.prompt.boxReplaced" : "segment-start.prompt.box", corners);
}

/** A position in percent of the picture's width and height. */
export function percent({ x, y }: CanvasPoint): string {
  return `${Math.round(x * 100)} %, ${Math.round(y * 100)} %`;
}
