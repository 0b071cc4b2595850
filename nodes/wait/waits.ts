import { setImmediate as pause } from "node:timers/promises";
import type { Node, NodeMessageInFlow } from "node-red";
import type { ServiceRef } from "../service/connection";
import type { FileUse, FileUses } from "./file-uses";
import type { Closing } from "../common/on-message";
import { TimeLimit } from "../service/time-limit";
import type { WaitRecord } from "./wait-record.lazy";
import type { WaitRecords } from "./wait-records";
import { Order, type Slot } from "../../src/async/order";
import { topicOf } from "../common/topic";

/** Messages that are taken up in one go: the event loop has other work, too. */
const TAKEN_UP_AT_ONCE = 20;

/** What a message waits for. */
export interface JobRef {
  jobId: number;
  /** Only the identity for a wait that was taken up. */
  service: ServiceRef;
  /** Milliseconds; 0 for no limit. */
  timeoutMs: number;
}

/** A message that waits. */
export interface Wait {
  readonly key: string;
  readonly place: Slot;
  readonly file: FileUse | undefined;
  readonly since: number;
  /** Aborts when `msg.reset` cancels the wait, or its node is closed. */
  readonly cancelled: AbortController;
  /** Whether a node before this one has begun it. */
  readonly isResumed: boolean;
  goal: JobRef | undefined;
  limit: TimeLimit;
  /** How it is kept beyond the node's life; undefined while it is not. */
  record: WaitRecord | undefined;
}

interface Options {
  node: Node;
  records: WaitRecords;
  files: FileUses;
  /** Whether waits are recorded. */
  resume: boolean;
  /** Whether results leave in the order in which their messages came. */
  inOrder: boolean;
  /** Resolves when the flows run. */
  started: Promise<void>;
  /** Makes a new random text. */
  makeKey: () => string;
  /** Hears that `shown` has changed. */
  onChange: () => void;
}

/** The waits of one node: recorded, in order, cancelled by `msg.reset`, taken up by the node that comes next. */
export class Waits {
  /** Resolves when the waits that the node's last life has left are taken up. Never rejects. */
  readonly ready: Promise<void>;
  readonly #active = new Set<Wait>();
  /** Those that the status may tell of, the oldest first: they are on the disk, or are not to be. */
  readonly #shown = new Set<Wait>();
  readonly #takenUp = new WeakMap<NodeMessageInFlow, Wait>();
  readonly #order = new Order();
  #isClosed = false;

  constructor(private readonly options: Options) {
    options.records.nodes.add(options.node.id);
    this.ready = this.#takeUp();
  }

  /** How many waits the status tells of, and the age of the oldest in milliseconds; undefined when there are none. */
  get shown(): { count: number; oldestMs: number } | undefined {
    const [oldest] = this.#shown;
    return oldest && { count: this.#shown.size, oldestMs: performance.now() - oldest.since };
  }

  /** The wait of a message that this node has taken up; undefined for one that came by a wire. */
  resumed(msg: NodeMessageInFlow): Wait | undefined {
    return this.#takenUp.get(msg);
  }

  /** A message has come. It holds its place and its file until it leaves. */
  enter(msg: NodeMessageInFlow): Wait {
    return this.#enter(msg, this.options.makeKey(), undefined);
  }

  /** It is known what the message waits for: from now on it outlives the node. */
  begin(wait: Wait, msg: NodeMessageInFlow, goal: JobRef): JobRef {
    wait.goal = goal;
    wait.limit = new TimeLimit(goal.timeoutMs);
    const { resume, records, node } = this.options;
    // A message of a closed node has been counted as dropped.
    if (!resume || this.#isClosed) {
      this.#show(wait);
      return goal;
    }
    const { jobId, timeoutMs, service } = goal;
    const order = { sequence: records.nextSequence(), recordedAt: Date.now() };
    wait.record = { nodeId: node.id, jobId, service: service.service, timeoutMs, ...order, msg };
    void records.put(wait.key, wait.record).then((isRecorded) => {
      if (!isRecorded) wait.record = undefined;
      this.#show(wait);
    });
    return goal;
  }

  /**
   * The message has left, in whatever way, or was lost.
   * @param isFileFree whether its file can be deleted as soon as no other wait is about it
   * @param onRefused hears why the file could not be deleted
   */
  leave(wait: Wait, isFileFree: boolean, onRefused: (error: Error) => void): void {
    const { records, files } = this.options;
    this.#active.delete(wait);
    this.#shown.delete(wait);
    wait.place.leave();
    if (this.#isClosed) {
      files.drop(wait.file);
      return;
    }
    if (wait.record !== undefined) records.remove(wait.key);
    files.leave(wait.file, isFileFree).catch(onRefused);
  }

  /** Cancels the waits for one job, or all of them. */
  cancel(jobId?: number): void {
    for (const { goal, cancelled } of this.#active) {
      if (jobId === undefined || jobId === goal?.jobId) cancelled.abort();
    }
  }

  /** Ends all waits, and leaves those that are recorded to the node that comes next; without one they are removed. */
  close(removed: boolean, underWay: number): Closing {
    this.#isClosed = true;
    const { records, node } = this.options;
    records.nodes.delete(node.id);
    let kept = 0;
    for (const { key, record, limit, cancelled } of this.#active) {
      cancelled.abort();
      if (record === undefined) continue;
      records.leave(key, { ...record, timeoutMs: limit.left });
      kept++;
    }
    const lost = removed ? records.removeLeftBy(node.id) : 0;
    return { dropped: underWay - kept + lost, settled: records.idle() };
  }

  #enter(msg: NodeMessageInFlow, key: string, record: WaitRecord | undefined): Wait {
    const place = this.options.inOrder ? this.#order.enter(topicOf(msg)) : ANY_PLACE;
    const wait = {
      key,
      place,
      file: this.options.files.enter(msg),
      since: performance.now(),
      cancelled: new AbortController(),
      isResumed: record !== undefined,
      goal: record && { ...record, service: { service: record.service } },
      limit: new TimeLimit(record?.timeoutMs ?? 0),
      record,
    };
    this.#active.add(wait);
    if (this.#isClosed) wait.cancelled.abort(); // a message may still have been read when the node was closed
    if (record !== undefined) this.#shown.add(wait);
    return wait;
  }

  #show(wait: Wait): void {
    if (!this.#active.has(wait)) return;
    this.#shown.add(wait);
    this.options.onChange();
  }

  async #takeUp(): Promise<void> {
    const { node, records, started } = this.options;
    await records.load();
    if (!records.hasLeft) return;
    await started;
    records.prune();
    for (const [index, [key, record]] of records.leftBy(node.id).entries()) {
      if (index % TAKEN_UP_AT_ONCE === TAKEN_UP_AT_ONCE - 1) await pause();
      if (this.#isClosed) return;
      records.take(key);
      this.#takenUp.set(record.msg, this.#enter(record.msg, key, record));
      node.receive(record.msg);
    }
  }
}

/** For messages that leave as they are ready. */
const ANY_PLACE: Slot = { turn: Promise.resolve(), leave: () => undefined };
