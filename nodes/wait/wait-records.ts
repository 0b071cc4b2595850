import { stat } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as pause, setTimeout as sleep } from "node:timers/promises";
import { serialize } from "node:v8";
import { errorText } from "../../src/api/segment-error";
import type { Journal } from "../../src/store";
import type { WaitRecord } from "./wait-record.lazy";

/**
 * How long (ms) a node that closes waits for the disk. First records are written by then; what may be cut short is to
 * write anew what is left of each time-out.
 */
const CLOSING_MS = 2000;
/** Changes that are made in one go. */
const CHANGES_AT_ONCE = 20;
/** How long the waits of a node that does not exist are kept. */
const ORPHAN_MS = 7 * 24 * 3600 * 1000;

/** What is told to the log. */
export interface RecordsLog {
  /** Parts of the file can't be read. As it was, it is in the folder `damaged`. */
  setAside(count: number): void;
  /** Waits of nodes that have long been gone were removed. */
  pruned(count: number): void;
  /** Waits can't be read or written now. Told once until it works again. */
  failed(reason: string): void;
}

/**
 * The waits of all nodes on the disk, by which they outlive a crash, and those that no node has taken up yet. In the same
 * life of Node-RED a message is handed over as it is. What the disk needs (zod) is loaded only when there is something.
 */
export class WaitRecords {
  /** Ids of the nodes that live. */
  readonly nodes = new Set<string>();
  readonly #file: string;
  readonly #left = new Map<string, WaitRecord>();
  readonly #writes = new Set<Promise<boolean>>();
  #changes = 0;
  #lastTurn = Promise.resolve();
  #sequence = 0;
  #loaded: Promise<void> | undefined;
  #journal: Promise<Journal<WaitRecord>> | undefined;
  #hasFailed = false;

  /** @param dir one process at a time may use it; it is made when the first wait is recorded */
  constructor(
    dir: string,
    private readonly log: RecordsLog,
  ) {
    this.#file = join(dir, "journal");
  }

  /** Reads what an earlier life of Node-RED has left, once; anew after a failure. Never rejects. */
  load(): Promise<void> {
    return (this.#loaded ??= this.#load());
  }

  /** A number that is higher than that of every wait before. */
  nextSequence(): number {
    return ++this.#sequence;
  }

  /** Whether any node has left waits. */
  get hasLeft(): boolean {
    return this.#left.size > 0;
  }

  /** The waits that a node has left, by their keys, the oldest first. */
  leftBy(nodeId: string): [string, WaitRecord][] {
    return [...this.#left]
      .filter(([, record]) => record.nodeId === nodeId)
      .sort(([, a], [, b]) => a.sequence - b.sequence);
  }

  /** A node has taken up a wait. Its record stays until it is removed. */
  take(key: string): void {
    this.#left.delete(key);
  }

  /** Leaves a wait to the node that comes next, in this life of Node-RED or the next one. */
  leave(key: string, record: WaitRecord): void {
    this.#left.set(key, record);
    if (record.timeoutMs > 0) void this.put(key, record); // for what is left of its time-out
  }

  /** Records a wait as it is when its turn has come. Resolves, when that has been tried, to whether it is on the disk. */
  put(key: string, record: WaitRecord): Promise<boolean> {
    return this.#write((journal) => putWhatCanBe(journal, key, record));
  }

  /**
   * Removes a wait. Only a power cut or a disk that fails may bring it back: its message then leaves once more, as after
   * a crash between sending and forgetting.
   */
  remove(key: string): void {
    this.#left.delete(key);
    void this.#write((journal) => journal.remove(key));
  }

  /** Removes the waits that a node has left, and says how many they were. */
  removeLeftBy(nodeId: string): number {
    const left = this.leftBy(nodeId);
    for (const [key] of left) this.remove(key);
    return left.length;
  }

  /** Removes old waits of nodes that don't exist. To be called when all nodes have been made. */
  prune(): void {
    const before = Date.now() - ORPHAN_MS;
    const old = [...this.#left].filter(([, { nodeId, recordedAt }]) => !this.nodes.has(nodeId) && recordedAt < before);
    for (const [key] of old) this.remove(key);
    if (old.length > 0) this.log.pruned(old.length);
  }

  /** Resolves when nothing is being written, or when that takes too long. */
  async idle(): Promise<void> {
    const enough = new AbortController();
    const late = sleep(CLOSING_MS, undefined, { signal: enough.signal }).catch(() => undefined);
    await Promise.race([Promise.all(this.#writes), late]);
    enough.abort();
  }

  async #load(): Promise<void> {
    try {
      if (await holdsAny(this.#file)) await this.#open();
    } catch (error) {
      this.#loaded = undefined;
      this.#failed(error);
    }
  }

  /** Changes what is on the disk. Resolves to whether it worked. */
  #write(change: (journal: Journal<WaitRecord>) => Promise<void>): Promise<boolean> {
    const written = this.#tryTo(change);
    this.#writes.add(written);
    void written.then(() => this.#writes.delete(written));
    return written;
  }

  async #tryTo(change: (journal: Journal<WaitRecord>) => Promise<void>): Promise<boolean> {
    try {
      const journal = await this.#open();
      await this.#turn();
      await change(journal);
      this.#hasFailed = false;
      return true;
    } catch (error) {
      this.#failed(error);
      return false;
    }
  }

  /** Of changes that come at once few are made in one go, and in their order: the event loop has other work, too. */
  #turn(): Promise<void> {
    if (++this.#changes % CHANGES_AT_ONCE === 0) this.#lastTurn = this.#lastTurn.then(() => pause());
    return this.#lastTurn;
  }

  #failed(error: unknown): void {
    if (!this.#hasFailed) this.log.failed(errorText(error));
    this.#hasFailed = true;
  }

  #open(): Promise<Journal<WaitRecord>> {
    return (this.#journal ??= this.#read().catch((error: unknown) => {
      this.#journal = undefined; // tried again by the next wait
      throw error;
    }));
  }

  async #read(): Promise<Journal<WaitRecord>> {
    const [{ Journal }, { waitRecordSchema }] = await Promise.all([
      import("../../src/store/index.js"),
      import("./wait-record.lazy.js"),
    ]);
    const journal = await Journal.open(this.#file, waitRecordSchema, (record, key) => {
      this.#left.set(key, record);
      this.#sequence = Math.max(this.#sequence, record.sequence);
    });
    if (journal.setAside > 0) this.log.setAside(journal.setAside);
    return journal;
  }
}

/** Whether there is anything to read. */
async function holdsAny(file: string): Promise<boolean> {
  try {
    return (await stat(file)).size > 0;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
}

/** Records a message without the properties that only live in memory, such as functions. */
function putWhatCanBe(journal: Journal<WaitRecord>, key: string, record: WaitRecord): Promise<void> {
  const msg = withoutPicture(record.msg);
  try {
    return journal.put(key, { ...record, msg });
  } catch {
    const kept = Object.entries(msg).filter(([, value]) => canBeWritten(value));
    return journal.put(key, { ...record, msg: { ...Object.fromEntries(kept), _msgid: msg._msgid } });
  }
}

/** Leaves out an HTTP request and its response, and a picture that the service has. */
function withoutPicture(msg: WaitRecord["msg"]): WaitRecord["msg"] {
  const { segment } = msg;
  const isOnService = typeof segment === "object" && segment !== null && "file" in segment;
  const leftOut = ["req", "res", ...(isOnService ? ["image"] : [])];
  const kept = Object.entries(msg).filter(([name]) => !leftOut.includes(name));
  return { ...Object.fromEntries(kept), _msgid: msg._msgid };
}

function canBeWritten(value: unknown): boolean {
  try {
    serialize(value);
    return true;
  } catch {
    return false;
  }
}
