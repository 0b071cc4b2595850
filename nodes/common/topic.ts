import { inspect } from "node:util";
import type { NodeMessage } from "node-red";

/** The topic of a message as a text. Messages without a topic share one. */
export function topicOf({ topic }: NodeMessage): string {
  const value: unknown = topic;
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : inspect(value);
}
