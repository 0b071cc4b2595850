import { variableOf } from "../environment-variable";
import type { EditorNode, Validator } from "./globals";

/** Returns true, or the reason why a value of the node cannot be used. */
type Check = (value: unknown, node: EditorNode, options: object) => true | string;

export function validator(check: Check): Validator {
  // Node-RED shows the reason only when a validator has two parameters.
  return function (value, options) {
    return check(value, this, options);
  };
}

/** Whether only the runtime can judge a value: it is empty, missing in an older flow, or an environment variable. */
export function isOpen(value: unknown): boolean {
  return value === undefined || value === null || value === "" || variableOf(value) !== undefined;
}

/** A value as text; empty for one that no text field can hold. */
export function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
