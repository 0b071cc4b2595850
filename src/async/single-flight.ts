import { waitFor } from "./wait-for";

interface Flight<T> {
  result: Promise<T>;
  users: number;
  stop: AbortController;
}

/** Lets all callers share one run of some work. The run is aborted when the last of them has given up. */
export class SingleFlight<T> {
  #flight: Flight<T> | undefined;

  constructor(private readonly work: (signal: AbortSignal) => Promise<T>) {}

  /** Joins the run that is under way, or starts one. Rejects when the caller's own signal aborts. */
  run(signal: AbortSignal): Promise<T> {
    return waitFor<T>(
      ({ resolve, reject }) => {
        const flight = (this.#flight ??= this.#start());
        flight.users++;
        flight.result.then(resolve, reject);
        return () => this.#leave(flight);
      },
      {
        signal,
        onAbort: () => {
          throw new Error("aborted while sharing work");
        },
      },
    );
  }

  #start(): Flight<T> {
    const stop = new AbortController();
    const flight = { result: this.work(stop.signal), users: 0, stop };
    const end = (): void => this.#end(flight);
    flight.result.then(end, end);
    return flight;
  }

  #leave(flight: Flight<T>): void {
    if (--flight.users > 0 || this.#flight !== flight) return; // others use it, or it has ended
    flight.stop.abort();
    this.#end(flight);
  }

  #end(flight: Flight<T>): void {
    if (this.#flight === flight) this.#flight = undefined;
  }
}
