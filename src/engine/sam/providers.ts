import { errorText } from "../../api";
import type { Provider } from "../types";

/**
 * Opens something on the first provider that works; the processor is always the last one tried.
 * @param runtime name of the runtime, for the log
 * @param log called with each failure and its reason: a user who asked for a GPU must learn that it is not used
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
