import { stat } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as pause, setTimeout as sleep } from "node:timers/promises";
import { serialize } from "node:v8";
import { errorText } from "../../src/api/segment-error";
import { isMissing } from "../../src/store/durable";
import type { Journal } from "../../src/store";
import type { WaitRecord } from "./wait-record.lazy";

/**
 * Longest time (ms) that a closing node waits for the disk. New waits are on disk by then; only updates of remaining
 * time-outs may be lost.
 */
const CLOSING_MS = 2000;
/** Changes that are made in one turn of the event loop. */
const CHANGES_AT_ONCE = 20;
/** How long the waits of a node that does not exist are kept. */
const ORPHAN_MS = 7 * 24 * 3600 * 1000;

/** Writes to Node-RED's log. */
export interface RecordsLog {
  /** Parts of the file can't be read. The file as it was is in the folder `damaged`. */
  setAside(count: number): void;
  /** Waits of nodes that were deleted long ago were removed. */
  pruned(count: number): void;
  /** Waits can't be read or written now. Reported once until it works again. */
  failed(reason: string): void;
}

/**
 * The records of the waits of all nodes, on disk, so that waits outlive a crash. The states of a record:
 * - active (`put`, `take`): a node waits; the record is only on disk;
 * - waiting (`handOver`, `load`): its node has closed or Node-RED has been restarted. The next node of the same id takes
 *   it. Within one run of Node-RED that node gets the very message, else the message as it was stored;
 * - removed (`remove`): the message has left, its node was deleted (`removeWaitingFor`), or the node has not existed for
 *   7 days (`prune`).
 * The journal and zod are loaded only when there is something to read or write.
 */
export class WaitRecords {
  /** Ids of the nodes that exist. */
  readonly nodes = new Set<string>();
  readonly #file: string;
  readonly #waiting = new Map<string, WaitRecord>();
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

  /** Reads the records of earlier runs of Node-RED, once; again after a failure. Never rejects. */
  load(): Promise<void> {
    return (this.#loaded ??= this.#load());
  }

  /** A number above that of every earlier wait. */
  nextSequence(): number {
    return ++this.#sequence;
  }

  /** Whether any record is waiting for a node. */
  get hasWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** The records that are waiting for a node, with their keys, the oldest first. */
  waitingFor(nodeId: string): [string, WaitRecord][] {
    return [...this.#waiting]
      .filter(([, record]) => record.nodeId === nodeId)
      .sort(([, a], [, b]) => a.sequence - b.sequence);
  }

  /** A node has resumed a wait. The record stays on disk until it is removed. */
  take(key: string): void {
    this.#waiting.delete(key);
  }

  /** Keeps a wait for the next node of its id, in this run of Node-RED or the next one. */
  handOver(key: string, record: WaitRecord): void {
    this.#waiting.set(key, record);
    if (record.timeoutMs > 0) void this.put(key, record); // stores what is left of its time-out
  }

  /** Records a wait, as it is when its turn to be written comes. Resolves to whether it is on disk. Never rejects. */
  put(key: string, record: WaitRecord): Promise<boolean> {
    return this.#write((journal) => putStorable(journal, key, record));
  }

  /**
   * Removes a wait. Only a power cut or a disk failure may bring it back: its message then leaves once more, as after a
   * crash between sending and removing.
   */
  remove(key: string): void {
    this.#waiting.delete(key);
    void this.#write((journal) => journal.remove(key));
  }

  /** Removes the records that are waiting for a node, and returns their number. */
  removeWaitingFor(nodeId: string): number {
    const waiting = this.waitingFor(nodeId);
    for (const [key] of waiting) this.remove(key);
    return waiting.length;
  }

  /** Removes old records of nodes that don't exist. To be called when all nodes have been made. */
  prune(): void {
    const before = Date.now() - ORPHAN_MS;
    const old = [...this.#waiting].filter(([, record]) => !this.nodes.has(record.nodeId) && record.recordedAt < before);
    for (const [key] of old) this.remove(key);
    if (old.length > 0) this.log.pruned(old.length);
  }

  /** Resolves when all writes have ended, or when that takes too long. */
  async idle(): Promise<void> {
    const enough = new AbortController();
    const late = sleep(CLOSING_MS, undefined, { signal: enough.signal }).catch(() => undefined);
    await Promise.race([Promise.all(this.#writes), late]);
    enough.abort();
  }

  async #load(): Promise<void> {
    try {
      if (await hasContent(this.#file)) await this.#open();
    } catch (error) {
      this.#loaded = undefined;
      this.#failed(error);
    }
  }

  /** Changes the file. Resolves to whether it worked. */
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

  /** Spreads changes that come at once over several turns of the event loop, which has other work, too; in their order. */
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
      this.#waiting.set(key, record);
      this.#sequence = Math.max(this.#sequence, record.sequence);
    });
    if (journal.setAside > 0) this.log.setAside(journal.setAside);
    return journal;
  }
}

/** Whether the file exists and is not empty. */
async function hasContent(file: string): Promise<boolean> {
  try {
    return (await stat(file)).size > 0;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Records a message without the properties that exist in memory only, such as functions. */
function putStorable(journal: Journal<WaitRecord>, key: string, record: WaitRecord): Promise<void> {
  const msg = withoutPicture(record.msg);
  try {
    return journal.put(key, { ...record, msg });
  } catch {
    const kept = Object.entries(msg).filter(([, value]) => isStorable(value));
    return journal.put(key, { ...record, msg: { ...Object.fromEntries(kept), _msgid: msg._msgid } });
  }
}

/** Leaves out an HTTP request and its response, and the picture if the service has it. */
function withoutPicture(msg: WaitRecord["msg"]): WaitRecord["msg"] {
  const { segment } = msg;
  const isOnService = typeof segment === "object" && segment !== null && "file" in segment;
  const leftOut = ["req", "res", ...(isOnService ? ["image"] : [])];
  const kept = Object.entries(msg).filter(([name]) => !leftOut.includes(name));
  return { ...Object.fromEntries(kept), _msgid: msg._msgid };
}

function isStorable(value: unknown): boolean {
  try {
    serialize(value);
    return true;
  } catch {
    return false;
  }
}
