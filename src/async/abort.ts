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

/** The callbacks of one signal, and the end of its listener. */
interface Callbacks {
  calls: Set<() => void>;
  stop: () => void;
}
const callbacks = new WeakMap<AbortSignal, Callbacks>();

/**
 * Calls back once when the signal aborts, at once if it already has. Returns the function that detaches. However many
 * callbacks a signal has, they share one listener: an EventTarget searches the list of its listeners for each new one, so
 * thousands of messages that wait on the signal of their node would hold up the event loop.
 */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): () => void {
  if (signal === undefined) return () => undefined;
  if (signal.aborted) {
    callback();
    return () => undefined;
  }
  const call = (): void => callback(); // the same callback may be attached more than once
  const attached = callbacks.get(signal) ?? listenTo(signal);
  attached.calls.add(call);
  return () => {
    if (attached.calls.delete(call) && attached.calls.size === 0) attached.stop();
  };
}

function listenTo(signal: AbortSignal): Callbacks {
  const calls = new Set<() => void>();
  const callAll = (): void => calls.forEach((call) => call());
  const stop = (): void => {
    signal.removeEventListener("abort", callAll);
    callbacks.delete(signal);
  };
  signal.addEventListener("abort", callAll, { once: true });
  const attached = { calls, stop };
  callbacks.set(signal, attached);
  return attached;
}
