import {
  describeIssues,
  imageSizeSchema,
  SegmentError,
  segmentRequestSchema,
  type FileReference,
  type Point,
  type Prompt,
  type SegmentRequest,
} from "../api";
import { boxes, isBoxList, type PromptBox } from "./boxes";
import { invalidPrompt, isAbsent } from "./fields";
import { fileReferences } from "./files";
import { checkDistinct, points } from "./points";
import type { Frame, Units } from "./units";

/** The most jobs that one message may start. */
export const MAX_JOBS = 100;

/** The prompt of a message, in the forms that people write (see `fileReferences`, `points`, `boxes`). */
export interface PromptInput {
  files: unknown;
  points?: unknown;
  boxes?: unknown;
  units: Units;
  /** Size of the upright picture, `{width, height}` in pixels; required for the unit pixel. */
  imageSize?: unknown;
}

/** One job to start. */
export interface PlannedJob {
  /** The body to post. */
  request: SegmentRequest;
  /** In fractions of the upright picture. */
  prompt: Prompt;
  /** The user's own box object that this job is for. */
  box?: unknown;
}

/** All jobs of one message: each file with each box, in order. */
export interface JobPlan {
  jobs: PlannedJob[];
  /** Whether the jobs form a sequence (`msg.parts`): boxes came as an array, or there were several files. */
  sequence: boolean;
}

/**
 * Turns the prompt of a message into API requests, and checks all of them.
 * @throws {SegmentError} `invalid-prompt`, naming field and value
 */
export function buildJobs(input: PromptInput): JobPlan {
  const files = fileReferences(input.files);
  const frame = readFrame(input);
  const topPoints = points(input.points, frame);
  const promptBoxes = boxes(input.boxes, frame);
  const prompts = combine(topPoints, promptBoxes);

  const count = files.length * prompts.length;
  if (count > MAX_JOBS) {
    throw new SegmentError(
      "invalid-prompt",
      `${files.length} files × ${prompts.length} boxes are ${count} jobs: at most ${MAX_JOBS} can come from one message`,
    );
  }
  return {
    jobs: files.flatMap((file) => prompts.map(({ prompt, box }) => plannedJob(file, prompt, box))),
    sequence: isBoxList(input.boxes) || files.length > 1,
  };
}

function readFrame({ units, imageSize }: PromptInput): Frame {
  if (units === "fraction") return { units };
  if (isAbsent(imageSize)) {
    throw invalidPrompt(
      "imageSize",
      "is needed for the unit pixel: send msg.payload.imageSize {width, height}, or use segment upload before",
    );
  }
  const parsed = imageSizeSchema.safeParse(imageSize);
  if (!parsed.success) throw invalidPrompt("imageSize", "must be {width, height} in pixels", imageSize);
  return { units, imageSize: parsed.data };
}

interface JobPrompt {
  prompt: Prompt;
  box?: unknown;
}

function combine(topPoints: Point[], promptBoxes: PromptBox[]): JobPrompt[] {
  if (promptBoxes.length === 0) {
    if (topPoints.length === 0) throw invalidPrompt("prompt", "there is none: give points or boxes");
    return [{ prompt: { points: topPoints } }];
  }
  if (promptBoxes.length > 1 && topPoints.length > 0) {
    throw invalidPrompt(
      "points",
      `can't be used with ${promptBoxes.length} boxes: put each box's points into its own field points`,
    );
  }
  return promptBoxes.map(({ boundingBox, points: ownPoints, given }) => {
    const all = [...ownPoints, ...topPoints];
    checkDistinct(all, "points");
    return { prompt: all.length === 0 ? { boundingBox } : { points: all, boundingBox }, box: given };
  });
}

function plannedJob(file: FileReference, prompt: Prompt, box: unknown): PlannedJob {
  const request = { items: [file], ...prompt };
  // Each field has been checked; the contract's own schema has the last word.
  const parsed = segmentRequestSchema.safeParse(request);
  if (!parsed.success) throw new SegmentError("invalid-prompt", describeIssues(parsed.error, request));
  return { request: parsed.data, prompt, ...(box === undefined ? {} : { box }) };
}
