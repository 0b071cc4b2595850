import type { Node, NodeAPI } from "node-red";
import { errorText, SegmentError, type ErrorCode } from "../../src/api/segment-error";
import { variableOf } from "./environment-variable";

type Exchange = Parameters<ReturnType<NodeAPI["auth"]["needsPermission"]>>;
export type Request = Exchange[0];
export type Response = Exchange[1];

/** Refuses a request of a dialog. */
export class Refusal extends Error {
  constructor(
    readonly httpStatus: number,
    message: string,
    /** Machine-readable reason for the dialog. */
    readonly code?: ErrorCode | "no-picture",
  ) {
    super(message);
  }
}

/** Responds to a request of a dialog with JSON; to a failure as {@link respondWithError} does. */
export async function respond(response: Response, result: () => Promise<object>): Promise<void> {
  try {
    response.json(await result());
  } catch (error) {
    respondWithError(response, error);
  }
}

/** Responds with the reason why a request of a dialog has failed, as `{message, code?}`. */
export function respondWithError(response: Response, error: unknown): void {
  if (response.destroyed) return; // the dialog was closed
  const status = error instanceof Refusal ? error.httpStatus : 500;
  const code = error instanceof Refusal || error instanceof SegmentError ? error.code : undefined;
  response.status(status).json({ message: errorText(error), code });
}

/**
 * The value of a dialog's field: of a field that names an environment variable the variable's value, as a node gets it
 * from Node-RED. Variables that Node-RED itself keeps (of a tab, or global ones) are known only for a deployed node.
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
