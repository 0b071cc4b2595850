import type { Query } from "./globals";

/**
 * A button that opens and closes a part of the dialog. Returns a function that opens (true) or closes it.
 * @param onToggle called with the new state, also when it is set by the caller
 */
export function disclosure(
  button: Query,
  panel: Query,
  onToggle?: (isOpen: boolean) => void,
): (isOpen: boolean) => void {
  const show = (isOpen: boolean): void => {
    button.attr("aria-expanded", String(isOpen));
    button.find("i").toggleClass("fa-caret-right", !isOpen).toggleClass("fa-caret-down", isOpen);
    panel.toggle(isOpen);
    onToggle?.(isOpen);
  };
  button.on("click", () => show(button.attr("aria-expanded") === "false"));
  return show;
}
