import type { Node, NodeAPI, NodeMessage } from "node-red";
import { errorText, SegmentError, type ErrorCode } from "../../src/api/segment-error";

/** What a typed input of a dialog holds. */
export interface TypedInput {
  value: string;
  type: string;
}

/** A typed input as it stands in a flow; flows made before a field existed lack it. */
export function typedInput(value: string | undefined, type: string | undefined, fallback: TypedInput): TypedInput {
  return value === undefined || type === undefined ? fallback : { value, type };
}

/** Whether two typed inputs name the same place. */
export function isSame(a: TypedInput, b: TypedInput): boolean {
  return a.type === b.type && a.value === b.value;
}

/** How a user would call the place: `msg.payload.points`. An expression is not repeated: it may hold a password. */
export function nameOf(input: TypedInput): string {
  return input.type === "jsonata" ? "The expression" : `${input.type}.${input.value}`;
}

/**
 * The value that a typed input stands for; undefined when there is none.
 * @throws {SegmentError} with the given code when it can't be evaluated
 */
export async function evaluate(
  RED: NodeAPI,
  node: Node,
  input: TypedInput,
  msg: NodeMessage,
  code: ErrorCode,
): Promise<unknown> {
  if (input.value === "") return undefined;
  try {
    return await new Promise<unknown>((resolve, reject) => {
      RED.util.evaluateNodeProperty(input.value, input.type, node, msg, (error, value: unknown) =>
        // Of a flow's or the global context it is undefined when all is well, against the types.
        error ? reject(error) : resolve(value),
      );
    });
  } catch (error) {
    // msg.payload.points of a message without payload: there is nothing at that place.
    if (input.type === "msg" && error instanceof TypeError) return undefined;
    throw new SegmentError(code, `${nameOf(input)} can't be evaluated: ${errorText(error)}`, { cause: error });
  }
}
