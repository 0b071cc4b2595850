import type { Node, NodeAPI } from "node-red";
import { errorText, SegmentError, type ErrorCode } from "../../src/api/segment-error";
import { variableOf } from "./environment-variable";

type Exchange = Parameters<ReturnType<NodeAPI["auth"]["needsPermission"]>>;
export type Request = Exchange[0];
export type Response = Exchange[1];

/** A request of a dialog that can't be followed, and how that is answered. */
export class Refusal extends Error {
  constructor(
    readonly httpStatus: number,
    message: string,
    /** What a dialog tells cases apart by. */
    readonly code?: ErrorCode | "no-picture",
  ) {
    super(message);
  }
}

/** Answers a request of a dialog with JSON; a failure as {@link answerFailure} does. */
export async function answer(response: Response, result: () => Promise<object>): Promise<void> {
  try {
    response.json(await result());
  } catch (error) {
    answerFailure(response, error);
  }
}

/** Answers why a request of a dialog has failed, as `{message, code?}`. */
export function answerFailure(response: Response, error: unknown): void {
  if (response.destroyed) return; // nobody waits for it
  const status = error instanceof Refusal ? error.httpStatus : 500;
  const code = error instanceof Refusal || error instanceof SegmentError ? error.code : undefined;
  response.status(status).json({ message: errorText(error), code });
}

/**
 * The value of a field that is an environment variable, as Node-RED gives it to a node. Variables that Node-RED itself
 * keeps (of a tab, or global ones) are only known for a node that is deployed.
 * @throws {Refusal} when the variable has no value
 */
export function resolveEnv(RED: NodeAPI, id: string, value: string): string {
  const name = variableOf(value);
  if (name === undefined) return value;
  const node = RED.nodes.getNode(id) as Node | null;
  const resolved: unknown = node === null ? process.env[name] : RED.util.getSetting(node, name);
  if (typeof resolved === "string" && resolved !== "") return resolved;
  throw new Refusal(400, `The environment variable ${name} has no value here. If it is one of Node-RED, deploy first.`);
}
