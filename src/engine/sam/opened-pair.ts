import { readFile } from "node:fs/promises";
import { errorText, SegmentError } from "../../api";
import type { Provider, SamFiles } from "../types";
import { encoderForm, type EncoderForm } from "./encoder-forms";
import { exposeMaskTokens, type AllTokensModel } from "./onnx-outputs";
import { openSession, type OnnxRuntime, type OnnxSession } from "./runtime";

const DECODER_INPUTS = ["image_embeddings", "point_coords", "point_labels", "mask_input", "has_mask_input"];
/** Missing in exports that leave the enlargement of the masks to the caller, such as nanosam's. */
export const PICTURE_SIZE = "orig_im_size";
const DECODER_OUTPUTS = ["iou_predictions", "low_res_masks"];

/** The outputs of an export: the mask of the token that it chose or, in a multi-mask export, of all four. */
export const EXPORTED_OUTPUTS = { masks: "low_res_masks", ious: "iou_predictions" };

/** Both sessions on one provider. */
export interface OpenedPair {
  encoder: OnnxSession;
  decoder: OnnxSession;
  form: EncoderForm;
  /** Names of the decoder's outputs that hold the masks and their IoUs. */
  outputs: Pick<AllTokensModel, "masks" | "ious">;
}

/**
 * Opens encoder and decoder, and checks that they are SAM's.
 * @param threads of the encoder; the decoder has one
 * @throws {SegmentError} `job-failed` that names the file and what is wrong with it
 */
export async function openPair(
  runtime: OnnxRuntime,
  files: SamFiles,
  threads: number,
  provider: Provider,
): Promise<OpenedPair> {
  const encoder = await openSession(runtime, files.encoder, threads, { provider });
  const form = await checkEncoder(files.encoder, encoder);
  const { decoder, outputs } = await openDecoder(runtime, files.decoder, provider);
  checkDecoder(files.decoder, decoder);
  return { encoder, form, decoder, outputs };
}

/** Opens a decoder so that all its masks are outputs, if its graph has the known form; else unchanged. */
async function openDecoder(
  runtime: OnnxRuntime,
  file: string,
  provider: Provider,
): Promise<Pick<OpenedPair, "decoder" | "outputs">> {
  const exposed = await readFile(file)
    .then(exposeMaskTokens)
    .catch(() => undefined);
  if (exposed !== undefined) {
    try {
      const decoder = await openSession(runtime, file, 1, { provider, model: exposed.model });
      return { decoder, outputs: exposed };
    } catch {
      // Opened unchanged below; if the file itself is the problem, that reports it.
    }
  }
  return { decoder: await openSession(runtime, file, 1, { provider }), outputs: EXPORTED_OUTPUTS };
}

async function checkEncoder(file: string, { inputNames }: OnnxSession): Promise<EncoderForm> {
  const [name, ...others] = inputNames;
  if (name === undefined || others.length > 0) {
    throw unfit(file, `an encoder has one input, this one has ${inputNames.length}: ${inputNames.join(", ")}`);
  }
  try {
    return await encoderForm(file, name);
  } catch (error) {
    throw unfit(file, errorText(error));
  }
}

function checkDecoder(file: string, { inputNames, outputNames }: OnnxSession): void {
  const lacking = [
    ...DECODER_INPUTS.filter((name) => !inputNames.includes(name)),
    ...DECODER_OUTPUTS.filter((name) => !outputNames.includes(name)),
  ];
  if (lacking.length > 0) throw unfit(file, `a SAM decoder has ${lacking.join(", ")}, this one has not`);
  const unknown = inputNames.filter((name) => ![...DECODER_INPUTS, PICTURE_SIZE].includes(name));
  if (unknown.length > 0)
    throw unfit(file, `it asks for inputs that SAM's decoder does not have: ${unknown.join(", ")}`);
}

/** The error of a file that is a model, but not one of a known form. */
export function unfit(file: string, reason: string): SegmentError {
  return new SegmentError("job-failed", `The weights ${file} do not fit the sam engine: ${reason}`);
}
