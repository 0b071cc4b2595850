import { setMaxListeners } from "node:events";

/** A signal that aborts with any of its sources. `dispose` detaches it from them. */
export interface LinkedAbort {
  readonly controller: AbortController;
  readonly signal: AbortSignal;
  dispose(): void;
}

/**
 * Links a new signal to others. `AbortSignal.any` would do, but in Node 20 it leaks with sources that live long, as the
 * signal of a node does.
 */
export function linkAbort(...sources: (AbortSignal | undefined)[]): LinkedAbort {
  const controller = new AbortController();
  const detach = sources.map((source) => onAbort(source, () => controller.abort()));
  return { controller, signal: controller.signal, dispose: () => detach.forEach((stop) => stop()) };
}

/** Calls back once when the signal aborts, at once if it already has. Returns the function that detaches. */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (signal === undefined) return () => undefined;
  if (signal.aborted) {
    listener();
    return () => undefined;
  }
  setMaxListeners(0, signal); // a node hands its one signal to all of its work; that is no leak
  signal.addEventListener("abort", listener, { once: true });
  return () => signal.removeEventListener("abort", listener);
}
