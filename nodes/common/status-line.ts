import type { Node, NodeStatus } from "node-red";

const TICK_MS = 1000;

/**
 * The status of a node: what it works on, in blue; else the last failure, in red, until the next message; else a note, in
 * grey. While the node works its text is looked at once a second, as it may tell a time.
 */
export class StatusLine {
  #failure: Error | undefined;
  #shown = "{}";
  #tick: NodeJS.Timeout | undefined;
  #closed = false;

  /**
   * @param working the text while something is under way; undefined when nothing is
   * @param note what there is to say when nothing is under way
   */
  constructor(
    private readonly node: Node,
    private readonly working: () => string | undefined,
    private readonly note: () => string | undefined = () => undefined,
  ) {}

  /** A new message has come: an older failure is history. */
  next(): void {
    this.#failure = undefined;
    this.refresh();
  }

  /** A message has ended, perhaps by a failure. */
  ended(failure: Error | undefined): void {
    if (failure !== undefined) this.#failure = failure;
    this.refresh();
  }

  refresh(): void {
    if (this.#closed) return;
    const text = this.working();
    if (text === undefined) clearInterval(this.#tick);
    this.#tick = text === undefined ? undefined : (this.#tick ?? setInterval(() => this.refresh(), TICK_MS).unref());
    this.#show(this.#status(text));
  }

  /** Clears the status, which is another node's from now on. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#tick);
    this.node.status({});
  }

  #status(text: string | undefined): NodeStatus {
    if (text !== undefined) return { fill: "blue", shape: "dot", text };
    if (this.#failure !== undefined) return failureStatus(this.#failure);
    const note = this.note();
    return note === undefined ? {} : { fill: "grey", shape: "ring", text: note };
  }

  #show(status: NodeStatus): void {
    const shown = JSON.stringify(status);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.node.status(status);
  }
}

/** The status of a node whose last message has failed. */
export function failureStatus(failure: Error): NodeStatus {
  return { fill: "red", shape: "ring", text: "code" in failure ? String(failure.code) : "error" };
}

const UNITS: [string, number][] = [
  ["d", 86_400],
  ["h", 3600],
  ["min", 60],
  ["s", 1],
];

/** A time in the largest unit of which there are two or more, such as "12 s" or "3 min"; undefined below a second. */
export function ageText(ms: number): string | undefined {
  const seconds = Math.floor(ms / 1000);
  const [unit, size] = UNITS.find(([, size]) => seconds >= 2 * size) ?? ["s", 1];
  return seconds < 1 ? undefined : `${Math.floor(seconds / size)} ${unit}`;
}
