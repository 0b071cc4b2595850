// The script of segment wait's dialog.
import { isOpen, validator } from "../../common/editor/validator";

export const timeout = validator(
  (value, node) => isOpen(value) || Number(value) >= 0 || node._("segment-wait.error.timeout"),
);
