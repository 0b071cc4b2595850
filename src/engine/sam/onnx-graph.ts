/**
 * Just enough of ONNX's protobuf format to read a model without a protobuf library (onnx.proto: ModelProto.graph = 7,
 * GraphProto.input = 11, .output = 12, ValueInfoProto.name = 1, .type = 2, TypeProto.tensor_type = 1, Tensor.elem_type = 1, .shape = 2,
 * TensorShapeProto.dim = 1, Dimension.dim_value = 1).
 */

export const MODEL_GRAPH = 7;
const GRAPH_INPUT = 11;
export const GRAPH_OUTPUT = 12;
const VALUE_NAME = 1;
const VALUE_TYPE = 2;
const TYPE_TENSOR = 1;
const TENSOR_ELEMENT = 1;
const TENSOR_SHAPE = 2;
const SHAPE_DIMENSION = 1;
const DIMENSION_VALUE = 1;
/** TensorProto.DataType.FLOAT */
export const FLOAT = 1;

/** A field of a message. */
export interface Field {
  number: number;
  /** Range of its content in the bytes; empty for a number. */
  start: number;
  end: number;
  /** Its value, if it is a number. */
  value: number | undefined;
}

/**
 * Reads the fields of one protobuf message that are numbers or have a length; others are skipped.
 * @throws {Error} when the bytes are not such a message
 */
export function* fields(bytes: Buffer, start: number, end: number): Generator<Field> {
  let at = start;
  const varint = (): number => {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = bytes[at];
      if (byte === undefined || at >= end) throw new Error("not an ONNX model: a number runs past its end");
      at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
  };
  while (at < end) {
    const key = varint();
    const number = Math.floor(key / 8);
    const wireType = key % 8;
    if (wireType === 0) yield { number, value: varint(), start: at, end: at };
    else if (wireType === 1) at += 8;
    else if (wireType === 5) at += 4;
    else if (wireType === 2) {
      const length = varint();
      yield { number, value: undefined, start: at, end: at + length };
      at += length;
    } else throw new Error(`not an ONNX model: wire type ${wireType}`);
  }
}

/** An input or output of a model. */
export interface GraphTensor {
  name: string;
  /** TensorProto.DataType, see FLOAT; undefined when it is not declared. */
  elementType: number | undefined;
  /** undefined: any size. */
  dims: (number | undefined)[];
}

/**
 * The inputs of a model, as its file declares them: some versions of ONNX Runtime report only their names.
 * @throws {Error} when the bytes are not an ONNX model
 */
export function graphInputs(model: Buffer): GraphTensor[] {
  return graphTensors(model, GRAPH_INPUT);
}

/** The outputs of a model, as its file declares them. @throws {Error} when the bytes are not an ONNX model */
export function graphOutputs(model: Buffer): GraphTensor[] {
  return graphTensors(model, GRAPH_OUTPUT);
}

function graphTensors(model: Buffer, which: number): GraphTensor[] {
  const inside = (outer: Field, number: number): Field[] =>
    [...fields(model, outer.start, outer.end)].filter((field) => field.number === number);
  const all: Field = { number: 0, start: 0, end: model.length, value: undefined };
  const values = inside(all, MODEL_GRAPH).flatMap((graph) => inside(graph, which));
  return values.map((value) => {
    const tensors = inside(value, VALUE_TYPE).flatMap((type) => inside(type, TYPE_TENSOR));
    const shapes = tensors.flatMap((tensor) => inside(tensor, TENSOR_SHAPE));
    const dims = shapes.flatMap((shape) => inside(shape, SHAPE_DIMENSION));
    return {
      name: inside(value, VALUE_NAME)
        .map(({ start, end }) => model.toString("utf8", start, end))
        .join(""),
      elementType: tensors.flatMap((tensor) => inside(tensor, TENSOR_ELEMENT))[0]?.value,
      dims: dims.map((dim) => inside(dim, DIMENSION_VALUE)[0]?.value),
    };
  });
}
