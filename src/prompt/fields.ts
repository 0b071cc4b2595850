import { preview, SegmentError } from "../api/segment-error"; // without zod: the prompt editor runs in a browser

/** The error of a prompt: it names the field and its value. */
export function invalidPrompt(field: string, reason: string, value?: unknown): SegmentError {
  const got = value === undefined ? "" : ` (got ${preview(value)})`;
  return new SegmentError("invalid-prompt", `${field}: ${reason}${got}`);
}

/** Whether a value is an object with named fields: not null, an array or bytes. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

/** Whether a value was left out: it arrives as undefined or null. */
export function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

/** Reads a number. A text that looks like one is refused, too. */
export function numberAt(field: string, value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw invalidPrompt(field, "must be a number", value);
  return value;
}
