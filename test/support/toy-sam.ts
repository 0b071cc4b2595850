/**
 * A toy SAM pair as ONNX files, with SAM's names and shapes. Its masks follow simple rules, so that tests know exactly
 * which mask to expect. A few hundred kB, made in milliseconds.
 */
import { writeFileSync } from "node:fs";
import { onnx } from "onnx-proto";

const FLOAT = 1;
const INT64 = 7;
const SIDE = 1024;
const CELLS = 256;

/** Radius of the disc round a foreground point, in pixels of the 1024 frame. */
export const TOY_RADIUS = 200;

export interface ToyDecoderOptions {
  /**
   * `prompt`: discs of TOY_RADIUS round foreground points, or the box, without discs round background points.
   * `picture`: where the picture's red channel is brighter than the middle (about 124 of 255).
   */
  follows?: "prompt" | "picture";
  /** The IoU that it predicts for each mask. The second mask is the first one inverted. */
  ious?: [number] | [number, number];
  /**
   * As in SAM's usual export, four masks are computed: the mask itself, larger, smaller, and inverted. The output is the
   * last of them (`true`), or all of them, as in SAM's multi-mask export (`all`).
   */
  tokens?: boolean | "all";
  /** Like some exports, it has no input for the picture's size and gives low-resolution masks only. */
  lowResolutionOnly?: boolean;
}

export interface ToyEncoderOptions {
  /** Side of the planes. */
  side?: number;
  /**
   * `planes`: normalised and padded, 1 x 3 x side x side. `pixels`: as they come, height x width x 3; the model
   * normalises and pads them, as Acly's and samexporter's exports do.
   */
  takes?: "planes" | "pixels";
}

/** By how much the second and third of four masks are larger and smaller, in pixels of the 1024 frame. */
export const TOY_TOKEN_STEP = 120;

type Shape = [name: string, dims: (number | string)[]];

/** Writes an encoder: the planes red, green, blue, averaged over 16 x 16 pixels, in the first channels of the embedding. */
export function writeToyEncoder(file: string, { side = SIDE, takes = "planes" }: ToyEncoderOptions = {}): void {
  const graph = new GraphBuilder();
  const cell = side / 64;
  const planes = takes === "planes" ? "picture" : planesOfPixels(graph, side);
  const pooled = graph.add("AveragePool", [planes], { kernel_shape: [cell, cell], strides: [cell, cell] });
  const weights = Array.from({ length: 256 * 3 }, (_, index) => (index % 3 === Math.floor(index / 3) ? 1 : 0));
  graph.add("Conv", [pooled, graph.floats(weights, [256, 3, 1, 1])], { kernel_shape: [1, 1] }, "embedding");
  const dims = takes === "planes" ? [1, 3, side, side] : ["image_height", "image_width", 3];
  graph.write(file, [["picture", dims]], [["embedding", [1, 256, 64, 64]]]);
}

/** The picture's pixels, normalised and padded to a square. */
function planesOfPixels(graph: GraphBuilder, side: number): string {
  const centred = graph.add("Sub", ["picture", graph.floats([123.675, 116.28, 103.53], [3])]);
  const normal = graph.add("Div", [centred, graph.floats([58.395, 57.12, 57.375], [3])]);
  const planes = graph.add("Transpose", [normal], { perm: [2, 0, 1] });
  const missing = graph.add("Sub", [graph.ints([3, side, side]), graph.add("Shape", [planes])]);
  const padding = graph.add("Concat", [graph.ints([0, 0, 0]), missing], { axis: 0 });
  return graph.add("Unsqueeze", [graph.add("Pad", [planes, padding]), graph.ints([0])]);
}

/** Writes a decoder. */
export function writeToyDecoder(
  file: string,
  { follows = "prompt", ious = [0.9], tokens = false, lowResolutionOnly = false }: ToyDecoderOptions = {},
): void {
  const graph = new GraphBuilder();
  const mask = follows === "prompt" ? promptMask(graph) : pictureMask(graph);
  const shape = graph.ints([1, 1, CELLS, CELLS]);
  const first = graph.add("Reshape", [mask, shape]);
  const masks = tokens ? allTokens(graph, first) : ious.length === 1 ? [first] : [first, graph.add("Neg", [first])];
  // Every input must be used, or ONNX Runtime drops it.
  const nothing = ["mask_input", "has_mask_input", "image_embeddings", "point_coords", "point_labels"].map((input) =>
    graph.add("Mul", [graph.add("ReduceMean", [input], { keepdims: 0 }), graph.floats([0], [])]),
  );
  const all = graph.add("Concat", masks, { axis: 1 }); // [1, masks, 256, 256]
  // The predicted IoU is the same for all four tokens, so that it can't be used to choose between them.
  const allIous = graph.floats(tokens ? [0.9, 0.9, 0.9, 0.9] : ious, [1, masks.length]);
  const chosen = tokens === true;
  const given = chosen ? choose(graph, all, [1, 1, CELLS, CELLS], CELLS * CELLS) : all;
  graph.add("Sum", [given, ...nothing], {}, "low_res_masks");
  const givenIous = chosen ? choose(graph, graph.add("Identity", [allIous]), [1, 1], 1) : allIous;
  graph.add("Identity", [givenIous], {}, "iou_predictions");
  const count = chosen ? 1 : masks.length;
  if (!lowResolutionOnly) {
    const size = graph.add("Cast", ["orig_im_size"], { to: INT64 });
    const target = graph.add("Concat", [graph.ints([1, count]), size], { axis: 0 });
    graph.add("Resize", ["low_res_masks", "", "", target], { mode: "linear" }, "masks");
  }
  const sizeInput: Shape[] = lowResolutionOnly ? [] : [["orig_im_size", [2]]];
  const fullMasks: Shape[] = lowResolutionOnly ? [] : [["masks", [1, count, "height", "width"]]];
  graph.write(
    file,
    [
      ["image_embeddings", [1, 256, 64, 64]],
      ["point_coords", [1, "points", 2]],
      ["point_labels", [1, "points"]],
      ["mask_input", [1, 1, CELLS, CELLS]],
      ["has_mask_input", [1]],
      ...sizeInput,
    ],
    [...fullMasks, ["iou_predictions", [1, count]], ["low_res_masks", [1, count, CELLS, CELLS]]],
  );
}

function allTokens(graph: GraphBuilder, mask: string): string[] {
  const step = graph.floats([TOY_TOKEN_STEP], [1]);
  return [mask, graph.add("Add", [mask, step]), graph.add("Sub", [mask, step]), graph.add("Neg", [mask])];
}

/** The last of four tensors that follow one another in `all`. As in SAM's export, they are flattened and sliced. */
function choose(graph: GraphBuilder, all: string, shape: number[], length: number): string {
  const flat = graph.add("Flatten", [all], { axis: 0 }); // [1, 4 * length]
  const last = graph.add("Slice", [flat, graph.ints([3 * length]), graph.ints([4 * length]), graph.ints([1])]);
  return graph.add("Reshape", [last, graph.ints(shape)]);
}

/** The embedding's red channel, scaled up: above 0 where the picture is brighter than the mean of SAM's training. */
function pictureMask(graph: GraphBuilder): string {
  const red = graph.add("Slice", ["image_embeddings", graph.ints([0]), graph.ints([1]), graph.ints([1])]);
  return graph.add("Resize", [red, "", "", graph.ints([1, 1, CELLS, CELLS])], { mode: "nearest" });
}

/** [1, 65536] logits: distances in the 1024 frame to the outlines that the prompt asks for. */
function promptMask(graph: GraphBuilder): string {
  const middles = Array.from({ length: CELLS * CELLS }, (_, index) => [
    ((index % CELLS) + 0.5) * 4,
    (Math.floor(index / CELLS) + 0.5) * 4,
  ]).flat();
  const grid = graph.floats(middles, [1, CELLS * CELLS, 1, 2]);
  const points = graph.add("Unsqueeze", ["point_coords", graph.ints([1])]);
  const labels = graph.add("Unsqueeze", ["point_labels", graph.ints([1])]); // [1, 1, N]
  const far = graph.floats([-1e6], [1]);

  const offsets = graph.add("Sub", [grid, points]); // [1, 65536, N, 2]
  const squares = graph.add("ReduceSum", [graph.add("Mul", [offsets, offsets]), graph.ints([3])], { keepdims: 0 });
  const inside = graph.add("Sub", [graph.floats([TOY_RADIUS], [1]), graph.add("Sqrt", [squares])]);
  const largestOf = (label: number, values: string): string => {
    const isLabel = graph.add("Equal", [labels, graph.floats([label], [1])]);
    return graph.add("ReduceMax", [graph.add("Where", [isLabel, values, far])], { axes: [2], keepdims: 0 });
  };
  const insideBox = graph.add("Min", [
    largestOf(2, graph.add("ReduceMin", [offsets], { axes: [3], keepdims: 0 })),
    largestOf(3, graph.add("ReduceMin", [graph.add("Neg", [offsets])], { axes: [3], keepdims: 0 })),
  ]);
  const foreground = graph.add("Max", [largestOf(1, inside), insideBox]);
  return graph.add("Min", [foreground, graph.add("Neg", [largestOf(0, inside)])]);
}

/** Puts an ONNX graph together, node by node; each method returns the name of what it made. */
class GraphBuilder {
  readonly #nodes: onnx.INodeProto[] = [];
  readonly #constants: onnx.ITensorProto[] = [];

  floats(values: number[], dims: number[]): string {
    return this.#constant(FLOAT, Float32Array.from(values), dims);
  }

  ints(values: number[]): string {
    return this.#constant(INT64, BigInt64Array.from(values.map(BigInt)), [values.length]);
  }

  add(
    opType: string,
    input: string[],
    attributes: Record<string, number | string | number[]> = {},
    name?: string,
  ): string {
    const output = name ?? `value${this.#nodes.length}`;
    this.#nodes.push({
      opType,
      name: `node${this.#nodes.length}`,
      input,
      output: [output],
      attribute: Object.entries(attributes).map(([key, value]) => attributeOf(key, value)),
    });
    return output;
  }

  write(file: string, inputs: Shape[], outputs: Shape[]): void {
    const model = onnx.ModelProto.create({
      irVersion: 7,
      producerName: "toy-sam",
      opsetImport: [{ domain: "", version: 13 }],
      graph: {
        name: "toy",
        node: this.#nodes,
        initializer: this.#constants,
        input: inputs.map(valueInfo),
        output: outputs.map(valueInfo),
      },
    });
    writeFileSync(file, onnx.ModelProto.encode(model).finish());
  }

  #constant(dataType: number, values: Float32Array | BigInt64Array, dims: number[]): string {
    const name = `constant${this.#constants.length}`;
    this.#constants.push({ name, dims, dataType, rawData: new Uint8Array(values.buffer) });
    return name;
  }
}

function attributeOf(name: string, value: number | string | number[]): onnx.IAttributeProto {
  const { AttributeType } = onnx.AttributeProto;
  if (typeof value === "number") return { name, type: AttributeType.INT, i: value };
  if (typeof value === "string") return { name, type: AttributeType.STRING, s: Buffer.from(value) };
  return { name, type: AttributeType.INTS, ints: value };
}

function valueInfo([name, dims]: Shape): onnx.IValueInfoProto {
  const dim = dims.map((size) => (typeof size === "string" ? { dimParam: size } : { dimValue: size }));
  return { name, type: { tensorType: { elemType: FLOAT, shape: { dim } } } };
}
