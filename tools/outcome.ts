import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { boundingBoxSchema, jobSchema, pointSchema, type Job, type Prompt, type Segment } from "../src/api";
import type { Flow } from "./node-red";

const POLL_MS = 100;

/** A node's wires: for each output the ids of the nodes that it leads to. */
const wiresSchema = z.array(z.array(z.string()));

/** What the added nodes write: the first message that left the flow, by any exit. */
const outcomeSchema = z.object({
  payload: z.unknown(),
  segment: z
    .looseObject({
      prompt: z.looseObject({ points: z.array(pointSchema).optional(), boundingBox: boundingBoxSchema.optional() }),
      timings: z.looseObject({ totalMs: z.number() }).optional(),
    })
    .optional(),
  error: z.looseObject({ message: z.string(), code: z.string().optional() }).optional(),
});
export type Outcome = z.infer<typeof outcomeSchema>;

/** A finished job with what the demo prints about it. */
export interface Result {
  job: Job;
  segments: Segment[];
  prompt: Prompt;
  /** From the job's start until its result left the flow, in milliseconds. */
  totalMs: number;
}

/**
 * Adds core nodes to a copy of the example flow that write each message that leaves it to a file:
 * both outputs of segment wait, and what the catch node caught.
 */
export function writeOutcomesTo(file: string, flow: Flow): Flow {
  const copy = structuredClone(flow);
  const exits = copy.filter(({ type }) => type === "segment-wait" || type === "catch");
  for (const exit of exits) {
    exit.wires = wiresSchema.parse(exit.wires).map((output) => [...output, "demo-collect"]);
  }
  const tab = exits[0]?.z;
  return [
    ...copy,
    {
      id: "demo-collect",
      type: "change",
      z: tab,
      rules: [
        {
          t: "set",
          p: "payload",
          pt: "msg",
          to: '{"payload": payload, "segment": segment, "error": error}',
          tot: "jsonata",
        },
      ],
      wires: [["demo-write"]],
    },
    {
      id: "demo-write",
      type: "file",
      z: tab,
      filename: file,
      filenameType: "str",
      appendNewline: false,
      overwriteFile: "true",
      wires: [[]],
    },
  ];
}

/** Waits until the file holds an outcome. While it is half written, it is not JSON yet. */
export async function readOutcome(file: string, signal: AbortSignal): Promise<Outcome> {
  for (;;) {
    const text = await readFile(file, "utf8").catch(() => "");
    const value = parseJson(text);
    if (value !== undefined) return outcomeSchema.parse(value);
    await delay(POLL_MS);
    signal.throwIfAborted();
  }
}

/**
 * The result of an outcome.
 * @throws Error with the reason if the flow had no result or the job found nothing
 */
export function resultOf({ payload, segment, error }: Outcome): Result {
  if (error !== undefined) throw new Error(`${error.code ?? "error"}: ${error.message}`);
  const job = jobSchema.parse(payload);
  const segments = (job.items ?? []).flatMap((item) => item.segments ?? []);
  if (segments.length === 0) throw new Error(`Job ${job.jobId} found nothing in the picture.`);
  if (segment?.timings === undefined) throw new Error(`Job ${job.jobId} came without msg.segment.timings.`);
  return { job, segments, prompt: segment.prompt, totalMs: segment.timings.totalMs };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
