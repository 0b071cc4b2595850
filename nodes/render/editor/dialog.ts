// The script of segment render's dialog.
import type { EditorNode, Query } from "../../common/editor/globals";
import { validator } from "../../common/editor/validator";

/** A row of the list: a form of the result, and the property of the message that gets it. */
interface Output {
  format: string;
  property: string;
}

const FORMATS = [
  { value: "svg", label: "segment-render.format.svgText", property: "svg" },
  { value: "overlay", label: "segment-render.format.overlay", property: "overlay" },
  { value: "overlay-png", label: "segment-render.format.overlayPng", property: "overlay" },
  { value: "mask", label: "segment-render.format.mask", property: "mask" },
  { value: "rle", label: "segment-render.format.rle", property: "rle" },
  { value: "geojson", label: "segment-render.format.geojson", property: "geojson" },
];
/** Least height of the list, and space below it, in pixels. */
const LEAST_HEIGHT = 120;
const BELOW = 20;

const list = (): Query => $("#node-input-formats-list");

export const filledProperties = validator((value, node) => {
  const isFilled =
    !Array.isArray(value) || value.every((output: Partial<Output>) => /\S/.test(String(output.property)));
  return isFilled || node._("segment-render.error.property");
});

export function prepare(node: EditorNode): void {
  $("#node-input-result").typedInput({
    default: "msg",
    types: ["msg", "flow", "global", "jsonata"],
    typeField: "#node-input-resultType",
  });
  $("#node-input-pick").typedInput({
    default: "all",
    types: [
      { value: "all", label: node._("segment-render.pick.all"), hasValue: false },
      { value: "best", label: node._("segment-render.pick.best"), hasValue: false },
      "msg",
      "flow",
      "global",
      "jsonata",
    ],
    typeField: "#node-input-pickType",
  });
  $("#node-input-image").typedInput({
    default: "msg",
    types: ["msg", "flow", "global", "jsonata"],
    typeField: "#node-input-imageType",
  });
  $("#node-input-mmPerPixel").typedInput({
    default: "num",
    types: ["num", "msg", "flow", "global", "jsonata", "env"],
    typeField: "#node-input-mmPerPixelType",
  });
  const { formats = node._def.defaults.formats?.value } = node;
  prepareOutputs(node, Array.isArray(formats) ? (formats as Partial<Output>[]) : []); // as readOutputs() made them
}

function prepareOutputs(node: EditorNode, outputs: Partial<Output>[]): void {
  list()
    .css({ minHeight: `${LEAST_HEIGHT}px`, minWidth: "400px" })
    .editableList<Partial<Output>>({
      addItem: (container, _index, output) => addRow(node, container, output),
      removable: true,
      sortable: true,
    });
  for (const output of outputs) list().editableList("addItem", output);
}

export function readOutputs(): Output[] {
  const rows = list().editableList("items").toArray();
  return rows.map((row) => ({
    format: $(row).find(".segment-render-format").val() ?? "",
    property: $(row).find(".segment-render-property").typedInput("value"),
  }));
}

/** The list takes the height that the other rows leave. */
export function resize(height: number): void {
  const rows = $("#dialog-form > div:not(.node-input-formats-list-row)").toArray();
  const left = rows.reduce((rest, row) => rest - $(row).outerHeight(true), height);
  list().editableList("height", Math.max(LEAST_HEIGHT, left - BELOW));
}

/** The usual property of a format. */
function usual(format: string): string {
  return FORMATS.find(({ value }) => value === format)?.property ?? "";
}

/** @param output without members for a row that the user adds */
function addRow(node: EditorNode, container: Query, output: Partial<Output>): void {
  let { format = "svg" } = output;
  const row = $("<div>", { style: "display: flex; align-items: baseline; gap: 8px" }).appendTo(container);
  const select = $("<select>", {
    class: "segment-render-format",
    style: "width: 150px; flex: none",
    "aria-label": node._("segment-render.label.format"),
  }).appendTo(row);
  for (const { value, label } of FORMATS) $("<option>").val(value).text(node._(label)).appendTo(select);
  const property = propertyField(node, row, output.property ?? usual(format));
  select.val(format).on("change", () => {
    const isUsual = property.typedInput("value") === usual(format);
    format = select.val() ?? "";
    if (isUsual) property.typedInput("value", usual(format));
  });
}

function propertyField(node: EditorNode, row: Query, value: string): Query {
  const room = $("<span>", { style: "flex: auto" }).appendTo(row);
  const input = $("<input>", {
    type: "text",
    class: "segment-render-property",
    style: "width: 100%",
    "aria-label": node._("segment-render.label.property"),
  });
  return input
    .appendTo(room)
    .val(value)
    .typedInput({ types: ["msg"], default: "msg" });
}
