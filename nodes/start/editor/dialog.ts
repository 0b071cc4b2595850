// The script of segment start's dialog.
import { disclosure } from "../../common/editor/disclosure";
import { variableOf } from "../../common/environment-variable";
import type { EditorNode, RequestOptions } from "../../common/editor/globals";
import { validator } from "../../common/editor/validator";
import { textOf } from "../../common/editor/values";
import { PromptEditor, type Dialog } from "./prompt-editor";
import type { Fields } from "./prompt-drawing";
import { RequestFailure, type Trial } from "./texts";

/** The prompt editor of the open dialog, once it was opened. */
let editor: PromptEditor | undefined;
/** Its pending requests. */
const requests = new Set<{ abort(): void }>();

export const candidates = validator((value, node) => {
  const isGood = variableOf(value) !== undefined || /^[1-4]?$/.test(textOf(value));
  return isGood || node._("segment-start.error.candidates");
});

export function prepare(node: EditorNode): void {
  $("#node-input-file").typedInput({
    default: "msg",
    types: ["msg", "num", "str", "json", "flow", "global", "jsonata", "env"],
    typeField: "#node-input-fileType",
  });
  $("#node-input-points").typedInput({
    default: "msg",
    types: ["msg", "json", "flow", "global", "jsonata"],
    typeField: "#node-input-pointsType",
  });
  $("#node-input-boxes").typedInput({
    default: "msg",
    types: ["msg", "json", "flow", "global", "jsonata"],
    typeField: "#node-input-boxesType",
  });
  preparePromptEditor(node);
}

/** The prompt editor is closed, unless the node holds points or boxes of its own. */
function preparePromptEditor(node: EditorNode): void {
  const panel = $("#segment-start-prompt");
  const show = disclosure($(".segment-start-open"), panel, (isOpen) => {
    const [root] = panel.toArray();
    if (!isOpen || root === undefined || editor !== undefined) return;
    editor = new PromptEditor(root, dialogOf(node));
    void editor.load();
  });
  if ([readField("points"), readField("boxes")].some(({ type, value }) => type === "json" && value !== "")) show(true);
}

export function save(node: EditorNode): void {
  if (editor?.isUnused === true) RED.notify(node._("segment-start.prompt.unused"), "warning");
  close();
}

export function close(): void {
  editor?.close();
  editor = undefined;
  requests.forEach((request) => request.abort());
}

function dialogOf(node: EditorNode): Dialog {
  return {
    text: (key, values) => node._(key, values),
    loadPicture: () => loadPicture(node.id),
    tryPrompt: (prompt) => {
      const body = { contentType: "application/json", data: JSON.stringify(prompt) };
      return request<Trial>({ url: `segment-start/${node.id}/try`, method: "POST", dataType: "json", ...body });
    },
    readFields: () => ({
      points: readField("points"),
      boxes: readField("boxes"),
      units: $("#node-input-units").val() ?? "",
    }),
    writeFields: ({ points, boxes }) => {
      writeField("points", points);
      writeField("boxes", boxes);
      $("#node-input-units").val("fraction").trigger("change");
    },
  };
}

/** @throws RequestFailure */
function request<T>(options: RequestOptions): Promise<T> {
  return new Promise((resolve, reject) => {
    const sent = $.ajax<T>(options);
    requests.add(sent);
    sent
      .always(() => requests.delete(sent))
      .done(resolve)
      .fail(({ status, responseJSON }) => reject(new RequestFailure(status, responseJSON)));
  });
}

/**
 * Loads the picture by jQuery, because an image element would send no login.
 * @throws RequestFailure
 */
async function loadPicture(id: string): Promise<Blob> {
  const xhr = $.ajaxSettings.xhr();
  try {
    return await request({ url: `segment-start/${id}/picture`, xhr: () => xhr, xhrFields: { responseType: "blob" } });
  } catch (error) {
    const body: unknown = xhr.response; // the reason as JSON, in a Blob like the picture
    if (!(error instanceof RequestFailure) || !(body instanceof Blob)) throw error;
    throw new RequestFailure(error.status, await readJson(body));
  }
}

/** The body of a failure; empty when something between browser and Node-RED has sent another one. */
async function readJson(blob: Blob): Promise<{ code?: string; message?: string }> {
  try {
    return JSON.parse(await blob.text()) as { code?: string; message?: string }; // as our own route sends it
  } catch {
    return {};
  }
}

function readField(name: "points" | "boxes"): Fields["points"] {
  const field = $(`#node-input-${name}`);
  return { value: field.typedInput("value"), type: field.typedInput("type") };
}

function writeField(name: "points" | "boxes", value: string): void {
  $(`#node-input-${name}`).typedInput("type", "json").typedInput("value", value);
}
