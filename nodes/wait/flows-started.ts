import type { NodeAPI } from "node-red";

let next: Promise<void> | undefined;

/**
 * Resolves when the flows that are being started run. A message that a node sends earlier would get lost, as the nodes
 * behind it may not exist yet. To be called while the node is made.
 */
export function flowsStarted(RED: NodeAPI): Promise<void> {
  // One listener for all nodes: many would make Node.js warn of a leak.
  return (next ??= new Promise((resolve) => {
    RED.events.once("flows:started", () => {
      next = undefined;
      resolve();
    });
  }));
}
