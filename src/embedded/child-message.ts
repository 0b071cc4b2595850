import type { ChildMessage } from "../api";

/**
 * Whether a value is a message of our child. The schema is not used: the child is ready soon after Node-RED's start, and
 * zod is loaded with the first message of a flow.
 */
export function isChildMessage(value: unknown): value is ChildMessage {
  if (typeof value !== "object" || value === null || !("type" in value)) return false;
  if (value.type === "ready") return "url" in value && typeof value.url === "string" && value.url !== "";
  return value.type === "failed" && "message" in value && typeof value.message === "string";
}
