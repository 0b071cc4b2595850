import type { EditorNode, Query } from "../../common/editor/globals";

/** The node whose dialog is open. */
let editing: EditorNode | undefined;

export function startEditing(node: EditorNode): void {
  editing = node;
}

export function stopEditing(): void {
  editing = undefined;
}

export function field(name: string): Query {
  return $(`#node-config-input-${name}`);
}

/** The value of a property: what the dialog holds while it is open, else the node's own. */
export function current(node: EditorNode, name: string): unknown {
  return editing === node ? field(name).val() : node[name];
}

/** Text of a field in the dialog; empty when nothing is chosen. */
export function typed(name: string): string {
  return field(name).val() ?? "";
}

/** Id of the config node that is chosen in a field; empty for none. */
export function chosen(name: string): string {
  const id = typed(name);
  return id === "_ADD_" ? "" : id;
}
