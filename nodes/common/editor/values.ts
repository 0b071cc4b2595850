import { variableOf } from "../environment-variable";

/** Whether only the runtime can judge a value: it is empty, missing in an older flow, or an environment variable. */
export function isOpen(value: unknown): boolean {
  return value === undefined || value === null || value === "" || variableOf(value) !== undefined;
}

/** A value as text; empty for one that no text field can hold. */
export function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
