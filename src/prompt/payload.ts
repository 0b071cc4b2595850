import { invalidPrompt, isAbsent, isRecord } from "./fields";

/** The prompt in a payload; a part that the payload does not hold is undefined. */
export interface PayloadPrompt {
  files?: unknown;
  points?: unknown;
  boxes?: unknown;
  imageSize?: unknown;
}

/**
 * Reads files, points and boxes of a payload: `fileIds`, `points`, `boxes`, and the names of the service's own
 * messages `fileId`, `items`, `boundingBox`.
 * @param options `needed`: file or prompt can only be in the payload, so it must be an object; `readsBoxes`: boxes can only
 *   be in the payload, so it must be clear which ones are meant
 * @throws {SegmentError} `invalid-prompt`
 */
export function promptOfPayload(
  payload: unknown,
  { needed, readsBoxes }: { needed: boolean; readsBoxes: boolean },
): PayloadPrompt {
  if (!isRecord(payload)) {
    if (!needed) return {};
    throw invalidPrompt("payload", "must be an object with fileIds and points or boxes", payload ?? "nothing");
  }
  if (readsBoxes && !isAbsent(payload.boxes) && !isAbsent(payload.boundingBox)) {
    throw invalidPrompt("payload.boundingBox", "can't be used beside payload.boxes", payload.boundingBox);
  }
  return {
    files: payload.fileIds ?? payload.fileId ?? payload.items,
    points: payload.points,
    boxes: payload.boxes ?? payload.boundingBox,
    imageSize: payload.imageSize,
  };
}
