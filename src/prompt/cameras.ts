import { SegmentError, type BoundingBox, type ImageSize } from "../api";
import { boxes } from "./boxes";
import { invalidPrompt, isAbsent, isRecord } from "./fields";
import type { Frame } from "./units";

/** A camera's box in fractions of the upright picture, with what the camera knows about the object. */
export interface CameraBox extends BoundingBox {
  /** The class of the object, such as "person". */
  label?: string;
  /** Axis: the track that the object belongs to. */
  object_track_id?: string;
  /** Frigate: the event. */
  id?: string;
  /** Frigate: the camera. */
  camera?: string;
}

/**
 * Reads the box of the object in a camera's message: `crop_box` of an Axis object snapshot (fractions), or the box of a
 * Frigate event `{before, after}` (pixels): that of its snapshot if there is one, else that of the object.
 * @param field how the user would call the message, for errors
 * @param imageSize size of the picture that the box is for
 * @returns undefined for other messages, and for those without a box
 * @throws {SegmentError} `invalid-prompt` when the box can't be one, or does not fit into the picture
 */
export function cameraBox(
  field: string,
  message: Record<string, unknown>,
  imageSize: ImageSize,
): CameraBox | undefined {
  if (!isAbsent(message.crop_box)) {
    const kind = isRecord(message.class) ? message.class.type : undefined;
    const { object_track_id } = message;
    return {
      ...oneBox(`${field}.crop_box`, message.crop_box, { units: "fraction" }),
      ...texts({ label: kind, object_track_id }),
    };
  }
  const { after } = message;
  return isRecord(after) && "before" in message ? frigateBox(`${field}.after`, after, imageSize) : undefined;
}

function frigateBox(field: string, after: Record<string, unknown>, imageSize: ImageSize): CameraBox | undefined {
  const { snapshot, label, id, camera } = after;
  const ofSnapshot = isRecord(snapshot) ? snapshot.box : undefined;
  const [name, box] = isAbsent(ofSnapshot) ? [`${field}.box`, after.box] : [`${field}.snapshot.box`, ofSnapshot];
  if (isAbsent(box)) return undefined;
  try {
    return { ...oneBox(name, box, { units: "pixel", imageSize }), ...texts({ label, id, camera }) };
  } catch (error) {
    if (!(error instanceof SegmentError)) throw error;
    throw error.adding(
      "Frigate's boxes are in pixels of its detect resolution: take a picture of that size, as its snapshot.jpg is " +
        "when it is neither cropped nor scaled.",
    );
  }
}

function oneBox(field: string, value: unknown, frame: Frame): BoundingBox {
  const [box, another] = boxes(value, frame, field);
  if (box === undefined || another !== undefined) throw invalidPrompt(field, "must be one box", value);
  return box.boundingBox;
}

/** The fields that are not empty texts. */
function texts<Name extends string>(fields: Record<Name, unknown>): Partial<Record<Name, string>> {
  const kept: Partial<Record<Name, string>> = {};
  for (const name in fields) {
    const value: unknown = fields[name];
    if (typeof value === "string" && value !== "") kept[name] = value;
  }
  return kept;
}
