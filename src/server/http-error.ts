import type { z } from "zod";
import { describeIssues } from "../api";

/** Fields of an error response other than code and message, and its headers. */
export interface ErrorDetails {
  /** References in the request that the server does not know. */
  missing?: unknown[];
  /** External ids in the request that exist already. */
  duplicated?: unknown[];
  headers?: Record<string, string>;
}

/** An error that is sent as `{"error": {code, message, …}}` with an HTTP status. */
export class HttpError extends Error {
  override readonly name = "HttpError";

  constructor(
    readonly status: number,
    message: string,
    readonly details: ErrorDetails = {},
  ) {
    super(message);
  }
}

/** 400 for references to files that the server does not have. */
export function unknownFiles(references: readonly unknown[]): HttpError {
  const names = references.map((reference) => JSON.stringify(reference)).join(", ");
  return new HttpError(400, `File ids not found: ${names}`, { missing: [...references] });
}

/** Checks a part of a request. @throws {HttpError} 400 that names field and value */
export function parsePart<T>(schema: z.ZodType<T>, value: unknown, part: "body" | "query" | "path" | "headers"): T {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new HttpError(400, `Bad ${part} of the request: ${describeIssues(parsed.error, value)}`);
  return parsed.data;
}
