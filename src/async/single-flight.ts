import { onAbort } from "./abort";

interface Flight<T> {
  result: Promise<T>;
  users: number;
  stop: AbortController;
}

/** Lets all callers share one run of some work. It is aborted when the last of them has given up. */
export class SingleFlight<T> {
  #flight: Flight<T> | undefined;

  constructor(private readonly work: (signal: AbortSignal) => Promise<T>) {}

  /** Joins the run that is under way, or starts one. Rejects when the caller's own signal aborts. */
  run(signal: AbortSignal): Promise<T> {
    const flight = (this.#flight ??= this.#start());
    flight.users++;
    return new Promise<T>((resolve, reject) => {
      const detach = onAbort(signal, () => {
        reject(new Error("aborted while sharing work"));
        if (--flight.users > 0) return;
        flight.stop.abort();
        this.#end(flight);
      });
      flight.result.then(resolve, reject).finally(detach);
    });
  }

  #start(): Flight<T> {
    const stop = new AbortController();
    const flight = { result: this.work(stop.signal), users: 0, stop };
    const end = (): void => this.#end(flight);
    flight.result.then(end, end);
    return flight;
  }

  #end(flight: Flight<T>): void {
    if (this.#flight === flight) this.#flight = undefined;
  }
}
