// The script of segment alarm's dialog: validators of its limits.
import type { EditorNode } from "../../common/editor/globals";
import { validator } from "../../common/editor/validator";
import { isOpen } from "../../common/editor/values";

/** Share of the gap between the limits by which hysteresis may exceed it: 0.3 - 0.2 is less than 0.1. */
const ROUNDING = 1e-9;

/** The value of a field in the open dialog, else of the node. */
function current(node: EditorNode, name: string): unknown {
  const typed = $(`#node-input-${name}`).val();
  return typed === undefined ? node[name] : typed;
}

export const high = validator((value, node) => {
  const low = current(node, "low");
  return checkLimit(value, low, node) ?? checkOrder(low, value, node);
});

export const low = validator((value, node) => {
  const high = current(node, "high");
  return checkLimit(value, high, node) ?? checkOrder(value, high, node);
});

/** undefined when a limit is a number and it remains to compare it with the other. */
function checkLimit(value: unknown, other: unknown, node: EditorNode): true | string | undefined {
  if (value === "" && other === "") return node._("segment-alarm.error.noLimit");
  if (isOpen(value)) return true;
  return Number.isFinite(Number(value)) ? undefined : node._("segment-alarm.error.number");
}

function checkOrder(low: unknown, high: unknown, node: EditorNode): true | string {
  const isCrossed = !isOpen(low) && !isOpen(high) && Number(low) >= Number(high);
  return !isCrossed || node._("segment-alarm.error.crossed");
}

export const numberFromZero = validator(checkFromZero);

function checkFromZero(value: unknown, node: EditorNode): true | string {
  const isGood = isOpen(value) || (Number(value) >= 0 && Number(value) < Infinity);
  return isGood || node._("segment-alarm.error.fromZero");
}

export const hysteresis = validator((value, node) => {
  const verdict = checkFromZero(value, node);
  const [low, high] = [current(node, "low"), current(node, "high")];
  if (verdict !== true || [value, low, high].some(isOpen)) return verdict;
  const isWider = Number(value) > (Number(high) - Number(low)) * (1 + ROUNDING);
  return !isWider || node._("segment-alarm.error.hysteresis");
});
