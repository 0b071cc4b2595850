/**
 * Reads how the nodes of a model's graph are connected, and declares further outputs (onnx.proto: GraphProto.node = 1,
 * NodeProto.input = 1, .output = 2, .op_type = 4, ValueInfoProto.name = 1, .type = 2).
 */
import { fields, GRAPH_OUTPUT, graphOutputs, MODEL_GRAPH } from "./onnx-graph";

const GRAPH_NODE = 1;
const NODE_INPUT = 1;
const NODE_OUTPUT = 2;
const NODE_OP_TYPE = 4;
/** TypeProto { tensor_type { elem_type: FLOAT } } */
const FLOAT_TENSOR_TYPE = Buffer.from([0x0a, 0x02, 0x08, 0x01]);

interface GraphNode {
  opType: string;
  inputs: string[];
}

/** The nodes of a model's graph by the names of their outputs. */
function nodesByOutput(model: Buffer): Map<string, GraphNode> {
  const result = new Map<string, GraphNode>();
  for (const graph of fields(model, 0, model.length)) {
    if (graph.number !== MODEL_GRAPH) continue;
    for (const field of fields(model, graph.start, graph.end)) {
      if (field.number !== GRAPH_NODE) continue;
      const node: GraphNode = { opType: "", inputs: [] };
      for (const part of fields(model, field.start, field.end)) {
        const text = (): string => model.toString("utf8", part.start, part.end);
        if (part.number === NODE_INPUT) node.inputs.push(text());
        else if (part.number === NODE_OUTPUT) result.set(text(), node);
        else if (part.number === NODE_OP_TYPE) node.opType = text();
      }
    }
  }
  return result;
}

/** Where SAM's exporter picks one mask of four, it flattens the tensor of all. That node is at most this many steps back. */
const MAX_STEPS = 12;

/** Walks from an output back to the `Flatten` node and returns the tensor that goes into it. */
function beforeSelection(nodes: Map<string, GraphNode>, output: string): string | undefined {
  let name: string | undefined = output;
  for (let step = 0; step < MAX_STEPS && name !== undefined; step += 1) {
    const node: GraphNode | undefined = nodes.get(name);
    if (node?.opType === "Flatten") return node.inputs[0];
    name = node?.inputs[0];
  }
  return undefined;
}

function lengthDelimited(number: number, content: Buffer): Buffer {
  const header: number[] = [(number << 3) | 2];
  let length = content.length;
  for (; length > 0x7f; length >>>= 7) header.push((length & 0x7f) | 0x80);
  header.push(length);
  return Buffer.concat([Buffer.from(header), content]);
}

/** Appends outputs to a model's graph: protobuf merges a repeated field of one message. */
function appendOutputs(model: Buffer, names: string[]): Buffer {
  const outputs = names.map((name) =>
    lengthDelimited(
      GRAPH_OUTPUT,
      Buffer.concat([lengthDelimited(1, Buffer.from(name)), lengthDelimited(2, FLOAT_TENSOR_TYPE)]),
    ),
  );
  return Buffer.concat([model, lengthDelimited(MODEL_GRAPH, Buffer.concat(outputs))]);
}

/** A SAM decoder whose four mask tokens are all outputs, and the names of those. */
export interface AllTokensModel {
  model: Buffer;
  /** `[1, 4, 256, 256]` logits. */
  masks: string;
  /** `[1, 4]` predicted IoU. */
  ious: string;
}

/**
 * Exposes all mask tokens of a single-mask SAM decoder export (segment-anything's `SamOnnxModel` with
 * `return_single_mask`): they are computed inside, but only one is an output.
 * @returns undefined when the graph is not of that form, or gives more than one mask
 */
export function exposeMaskTokens(model: Buffer): AllTokensModel | undefined {
  const declared = graphOutputs(model).find(({ name }) => name === "iou_predictions")?.dims[1];
  if (declared !== undefined && declared > 1) return undefined;
  const nodes = nodesByOutput(model);
  const masks = beforeSelection(nodes, "low_res_masks");
  const ious = beforeSelection(nodes, "iou_predictions");
  if (masks === undefined || ious === undefined) return undefined;
  return { model: appendOutputs(model, [masks, ious]), masks, ious };
}
