import type { Node, NodeAPI, NodeMessage } from "node-red";
import { errorText, SegmentError, type ErrorCode } from "../../src/api/segment-error";

/** The value of a typed input in a dialog, and its type, such as `msg` or `jsonata`. */
export interface TypedInput {
  value: string;
  type: string;
}

/** Makes the typed inputs of one node. Each is made with the node and read for each message. */
export class Inputs {
  /** @param code the error code of an input that cannot be evaluated, unless the input has a code of its own */
  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly code: ErrorCode,
  ) {}

  /**
   * @param value as the flow holds it; undefined in flows that were saved before the field existed
   * @param fallback the input of such flows
   */
  of(value: string | undefined, type: string | undefined, fallback: TypedInput, code = this.code): Input {
    const field = value === undefined || type === undefined ? fallback : { value, type };
    const isDefault = field.type === fallback.type && field.value === fallback.value;
    return new Input(this.RED, this.node, field, isDefault, code);
  }
}

/** One typed input of one node. */
export class Input {
  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly field: TypedInput,
    /** Whether the input is at its default. */
    readonly isDefault: boolean,
    private readonly code: ErrorCode,
  ) {}

  get type(): string {
    return this.field.type;
  }

  /** Its name in the user's terms: `msg.payload.points`. An expression is not repeated: it may hold a password. */
  get name(): string {
    const { type, value } = this.field;
    return type === "jsonata" ? "The expression" : `${type}.${value}`;
  }

  /**
   * The value of the input for a message; undefined when there is none.
   * @throws {SegmentError} with the input's code when it cannot be evaluated
   */
  async read(msg: NodeMessage): Promise<unknown> {
    if (this.field.value === "") return undefined;
    try {
      return await this.#evaluate(msg);
    } catch (error) {
      // msg.payload.points of a message without payload has no value.
      if (this.field.type === "msg" && error instanceof TypeError) return undefined;
      throw new SegmentError(this.code, `${this.name} can't be evaluated: ${errorText(error)}`, { cause: error });
    }
  }

  #evaluate(msg: NodeMessage): Promise<unknown> {
    const { value, type } = this.field;
    return new Promise((resolve, reject) => {
      this.RED.util.evaluateNodeProperty(value, type, this.node, msg, (error, result: unknown) =>
        // For flow and global context, Node-RED passes undefined on success, not null as typed.
        error ? reject(error) : resolve(result),
      );
    });
  }
}
