import type { NodeMessage } from "node-red";

/** Our own object in a message; empty when there is none. */
export function segmentOf(msg: NodeMessage): Record<string, unknown> {
  const { segment } = msg;
  return typeof segment === "object" && segment !== null ? { ...segment } : {};
}
