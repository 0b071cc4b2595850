// The script of segment wait's dialog.
import { validator } from "../../common/editor/validator";
import { isOpen } from "../../common/editor/values";

export const timeout = validator(
  (value, node) => isOpen(value) || Number(value) >= 0 || node._("segment-wait.error.timeout"),
);
