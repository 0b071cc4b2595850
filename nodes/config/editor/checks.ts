// Validators of the config node's properties.
import { variableOf } from "../../common/environment-variable";
import type { EditorNode, Validator } from "../../common/editor/globals";
import { validator } from "../../common/editor/validator";
import { isOpen, textOf } from "../../common/editor/values";
import { current } from "./fields";

function isRemote(node: EditorNode): boolean {
  return ["server", "cdf"].includes(textOf(current(node, "service")));
}

function usesOauth(node: EditorNode): boolean {
  return isRemote(node) && current(node, "auth") === "oauth";
}

export function numberFrom(min: number): Validator {
  return validator(
    (value, node) => isOpen(value) || Number(value) >= min || node._("segment-config.error.number", { min }),
  );
}

export function wholeNumberFrom(min: number): Validator {
  return validator((value, node) => {
    const isGood = isOpen(value) || (Number(value) >= min && Number.isInteger(Number(value)));
    return isGood || node._("segment-config.error.wholeNumber", { min });
  });
}

export function oneOf(...choices: string[]): Validator {
  return validator(
    (value, node) => isOpen(value) || choices.includes(textOf(value)) || node._("segment-config.error.choice"),
  );
}

export const withoutSpaces = validator(
  (value, node) => isOpen(value) || !/\s/.test(textOf(value).trim()) || node._("segment-config.error.spaces"),
);

/** Several words are fine, line breaks and other control characters are not. */
export const singleLine = validator(
  // eslint-disable-next-line no-control-regex
  (value, node) => isOpen(value) || !/[\u0000-\u001f]/.test(textOf(value)) || node._("segment-config.error.line"),
);

function isUrl(value: unknown): boolean {
  return isOpen(value) || /^https?:\/\/[^\s/]+\S*$/.test(textOf(value).trim());
}

export const baseUrl = validator((value, node) => {
  if (current(node, "service") === "server" && !value) return node._("segment-config.error.baseUrl");
  if (/^https?:\/\/[^/]*@/.test(textOf(value))) return node._("segment-config.error.password");
  return isUrl(value) || node._("segment-config.error.url");
});

export const cluster = validator((value, node) => {
  if (current(node, "service") !== "cdf") return true;
  if (!value) return Boolean(current(node, "baseUrl")) || node._("segment-config.error.cluster");
  const isName = variableOf(value) !== undefined || /^[\w.-]+$/.test(textOf(value).trim());
  return isName || node._("segment-config.error.clusterName");
});

export const tokenUrl = validator((value, node) => {
  if (!usesOauth(node)) return true;
  if (!value) return node._("segment-config.error.tokenUrl");
  if (textOf(value).includes("{tenant}")) return node._("segment-config.error.tenant");
  return isUrl(value) || node._("segment-config.error.url");
});

export const clientId = validator(
  (value, node) => !usesOauth(node) || Boolean(value) || node._("segment-config.error.clientId"),
);

export const clientSecret = validator(
  (value, node) => !usesOauth(node) || Boolean(value) || node._("segment-config.error.clientSecret"),
);

export const token = validator((value, node) => {
  const isNeeded = isRemote(node) && current(node, "auth") === "token";
  return !isNeeded || Boolean(value) || node._("segment-config.error.token");
});
