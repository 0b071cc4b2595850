import type { EditorNode, Validator } from "./globals";

/** Returns true, or the reason why a value of the node cannot be used. */
type Check = (value: unknown, node: EditorNode, options: object) => true | string;

export function validator(check: Check): Validator {
  // Node-RED shows the reason only when a validator has two parameters.
  return function (value, options) {
    return check(value, this, options);
  };
}
