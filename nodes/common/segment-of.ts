import type { NodeMessage } from "node-red";

/** A copy of `msg.segment`, the object in which our nodes keep what they know; empty when there is none. */
export function segmentOf(msg: NodeMessage): Record<string, unknown> {
  const { segment } = msg;
  return typeof segment === "object" && segment !== null ? { ...segment } : {};
}
