import type { Node, NodeStatus } from "node-red";

const TICK_MS = 1000;

/**
 * The status of a node. While messages are under way: their text, in blue; else the last failure, in red, until the next
 * message; else the status of an idle node. The text may hold a time, so it is read once a second.
 */
export class StatusLine {
  #failure: Error | undefined;
  #shown = "{}";
  #tick: NodeJS.Timeout | undefined;
  #closed = false;

  /**
   * @param working the text while messages are under way; undefined when none are
   * @param idle the status when none are under way and the last one has not failed
   */
  constructor(
    private readonly node: Node,
    private readonly working: () => string | undefined,
    private readonly idle: () => NodeStatus,
  ) {}

  /** A new message begins: an older failure is history. */
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

  /** Clears the status for good: from now on it belongs to the node that replaces this one. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#tick);
    this.node.status({});
  }

  #status(text: string | undefined): NodeStatus {
    if (text !== undefined) return { fill: "blue", shape: "dot", text };
    if (this.#failure !== undefined) return failureStatus(this.#failure);
    return this.idle();
  }

  #show(status: NodeStatus): void {
    const shown = JSON.stringify(status);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.node.status(status);
  }
}

/** The status of an idle node that has a note; an empty one without. */
export function noteStatus(note: string | undefined): NodeStatus {
  return note === undefined ? {} : { fill: "grey", shape: "ring", text: note };
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

/** A time in the largest unit that gives a number of two or more, such as "12 s" or "3 min"; undefined below a second. */
export function ageText(ms: number): string | undefined {
  const seconds = Math.floor(ms / 1000);
  const [unit, size] = UNITS.find(([, size]) => seconds >= 2 * size) ?? ["s", 1];
  return seconds < 1 ? undefined : `${Math.floor(seconds / size)} ${unit}`;
}
