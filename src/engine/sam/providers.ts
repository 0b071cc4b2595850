import { errorText } from "../../api";

/** What ONNX Runtime computes on, as it names it: the processor, NVIDIA's CUDA, Windows' DirectML, Apple's CoreML. */
export const PROVIDERS = ["cpu", "cuda", "dml", "coreml"] as const;
export type Provider = (typeof PROVIDERS)[number];

/**
 * Opens something on the first provider on which that is possible; the processor is always the last one tried.
 * @param runtime what offers them, for the log
 * @param log is told which ones failed and why: who has asked for a GPU must learn that it is not used
 * @throws what opening it on the processor throws
 */
export async function openOnProvider<Opened>(
  providers: readonly Provider[],
  open: (provider: Provider) => Promise<Opened>,
  runtime: string,
  log: (message: string) => void,
): Promise<{ opened: Opened; provider: Provider }> {
  const before = providers.includes("cpu") ? providers.slice(0, providers.indexOf("cpu")) : providers;
  for (const provider of before) {
    try {
      return { opened: await open(provider), provider };
    } catch (error) {
      log(`The provider ${provider} is not used, as ${runtime} lacks it or can't load it: ${errorText(error)}`);
    }
  }
  return { opened: await open("cpu"), provider: "cpu" };
}
