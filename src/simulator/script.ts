import { readFile } from "node:fs/promises";
import { z } from "zod";
import { describeIssues, errorText } from "../api";

/** The steps from a picture to a result. A request belongs to one of them, or to none. */
export const STEPS = ["token", "upload", "put", "files", "start", "poll", "poll-many"] as const;
export type Step = (typeof STEPS)[number];

const count = z.number().int().min(1);
const seconds = z.number().min(0).max(86_400);
const wholeSeconds = seconds.int();
const headersSchema = z.record(z.string().regex(/^[\w-]+$/, "must be a header's name"), z.string());

const faults = [
  z.strictObject({ fault: z.literal("refuse"), seconds }),
  z.strictObject({ fault: z.literal("reset-before") }),
  z.strictObject({ fault: z.literal("reset-after") }),
  z.strictObject({ fault: z.literal("hang") }),
  z.strictObject({ fault: z.literal("drip"), bytesPerSecond: z.number().positive().max(1000).default(10) }),
  z.strictObject({ fault: z.literal("truncate") }),
  z.strictObject({
    fault: z.literal("status"),
    status: z.number().int().min(200).max(599),
    /** An object is sent as JSON, a text as it is. */
    body: z.union([z.string(), z.looseObject({})]).optional(),
    headers: headersSchema.optional(),
    /** Seconds for the header `Retry-After`. */
    retryAfter: wholeSeconds.optional(),
    /** The same, but sent as a date: this many seconds from now. */
    retryAfterDate: wholeSeconds.optional(),
  }),
  z.strictObject({ fault: z.literal("not-json") }),
  z.strictObject({ fault: z.literal("html") }),
  z.strictObject({ fault: z.literal("wrong-schema") }),
  z.strictObject({ fault: z.literal("oversized"), megabytes: z.number().positive().max(4096).default(40) }),
  z.strictObject({ fault: z.literal("delay"), ms: z.number().min(0).max(86_400_000) }),
] as const;
const FAULT_NAMES = faults.map(({ shape }) => shape.fault.value);

const faultSchema = z.discriminatedUnion("fault", faults, {
  error: `must be {"fault": …} with one of ${FAULT_NAMES.join(", ")}`,
});
/** What happens to a request. */
export type Fault = z.infer<typeof faultSchema>;

const ruleSchema = z
  .strictObject({
    /** Which requests; all, if nothing is given. */
    on: z
      .strictObject({
        step: z.enum(STEPS).optional(),
        method: z.string().toUpperCase().optional(),
        /** The path without query; `*` stands for any characters. */
        path: z.string().startsWith("/").optional(),
      })
      .default({}),
    /** Only the nth match, counted from 1. */
    nth: count.optional(),
    /** Only the first n matches. */
    times: count.optional(),
    /** Every nth match. */
    every: count.optional(),
    do: faultSchema,
  })
  .refine(({ nth, times, every }) => [nth, times, every].filter((value) => value !== undefined).length <= 1, {
    error: "has more than one of nth, times, every",
  });
export type Rule = z.infer<typeof ruleSchema>;

const scriptSchema = z.strictObject({
  rules: z.array(ruleSchema).default([]),
  /** Behave like CDF: no polls for many jobs, no long polls, no idempotency keys. */
  withoutExtensions: z.boolean().default(false),
  /** Shortest duration of a job, from its POST on. */
  jobSeconds: z
    .union(
      [
        seconds,
        z.strictObject({ lognormal: z.strictObject({ median: z.number().positive(), sigma: z.number().min(0) }) }),
      ],
      { error: 'must be a number of seconds, or {"lognormal": {"median": seconds, "sigma": …}}' },
    )
    .optional(),
  /** Issue tokens at `POST /oauth2/token` to any client with this secret. */
  oauth: z
    .strictObject({
      clientSecret: z.string().min(1),
      /** Lifetime of a token in seconds. */
      expiresIn: z.number().int().min(1).default(3600),
    })
    .optional(),
});
/** What the simulator does besides passing requests on. */
export type Script = z.infer<typeof scriptSchema>;
/** A script as it is written: fields with a default may be missing. */
export type WrittenScript = z.input<typeof scriptSchema>;

/** A script that is invalid or can't be read. The message is one line. */
export class ScriptError extends Error {
  override readonly name = "ScriptError";
}

/** Checks a script. @throws {ScriptError} naming the rule and field; `name` identifies the script in the message */
export function parseScript(value: unknown, name: string): Script {
  const parsed = scriptSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ScriptError(`Bad script ${name}: ${describeIssues(parsed.error, value)}`);
}

/** Reads a script's file. @throws {ScriptError} */
export async function readScript(file: string): Promise<Script> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    throw new ScriptError(`Bad script ${file}: ${errorText(error)}`);
  }
  return parseScript(value, file);
}
