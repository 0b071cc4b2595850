import { z } from "zod";
import { preview } from "./segment-error";

/** The body of an error response. Services also send `error` as plain text, and OAuth adds `error_description`. */
export const errorBodySchema = z.looseObject({
  error: z.union([
    z.string(),
    z.looseObject({
      code: z.number().nullish(),
      message: z.string().nullish(),
      missing: z.array(z.unknown()).nullish(),
      duplicated: z.array(z.unknown()).nullish(),
    }),
  ]),
  error_description: z.string().nullish(),
});
export type ErrorBody = z.infer<typeof errorBodySchema>;

/** Describes the issues of a zod check as `field: reason (got value)`, in order. */
export function describeIssues(error: z.ZodError, value: unknown): string {
  return error.issues.map((issue) => describeIssue(issue, value)).join("; ");
}

function describeIssue(issue: z.core.$ZodIssue, value: unknown): string {
  const field = issue.path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  const got = issue.path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined),
    value,
  );
  const name = field.replace(/^\./, "");
  return `${name === "" ? "" : `${name}: `}${issue.message}${got === undefined ? "" : ` (got ${preview(got)})`}`;
}
