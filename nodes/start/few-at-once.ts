/** Messages that a node begins with at once: as many as its client sends requests at once by default. */
const AT_ONCE = 8;
/** For how long (ms) a message keeps the next one waiting: its service may hold it back for minutes. */
const LONGEST_TURN_MS = 250;

/**
 * Lets the messages of a node begin in their order, a few at a time. One that waits here costs next to nothing; one that
 * has begun is an object for each step that it has taken, and a thousand that begin in one go hold up the event loop.
 * Stands apart from the client, which is loaded with the first message only.
 */
export class FewAtOnce {
  readonly #waiting: (() => void)[] = [];
  #begun = 0;

  constructor(private readonly turnMs = LONGEST_TURN_MS) {}

  /** Does the work of a message when it is its turn. @throws what the work throws; the signal's reason once it aborts */
  async run<R>(signal: AbortSignal, work: () => Promise<R>): Promise<R> {
    if (this.#begun < AT_ONCE) this.#begun++;
    else await new Promise<void>((begin) => this.#waiting.push(begin));
    let isOver = false;
    const end = (): void => {
      if (!isOver) this.#next();
      isOver = true;
    };
    const late = setTimeout(end, this.turnMs);
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      clearTimeout(late);
      end();
    }
  }

  #next(): void {
    const begin = this.#waiting.shift();
    if (begin === undefined) this.#begun--;
    else begin();
  }
}
