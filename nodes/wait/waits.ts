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

/** Messages that are resumed in one turn of the event loop, which has other work, too. */
const RESUMED_AT_ONCE = 20;

/** What a message waits for. */
export interface JobRef {
  jobId: number;
  /** The service that has the job: only its identity when the wait was resumed. */
  service: ServiceRef;
  /** Milliseconds; 0 for no limit. */
  timeoutMs: number;
}

/** A message that waits. */
export interface Wait {
  readonly key: string;
  readonly slot: Slot;
  readonly file: FileUse | undefined;
  readonly since: number;
  /** Aborts when `msg.reset` cancels the wait, or its node closes. */
  readonly cancelled: AbortController;
  /** Whether an earlier node, or an earlier run of Node-RED, has begun it. */
  readonly isResumed: boolean;
  /** Undefined until the message has been read. */
  job: JobRef | undefined;
  /** The jobs that `msg.reset` named before the wait's own job was known. */
  resets: number[] | undefined;
  limit: TimeLimit;
  /** Its record on disk; undefined when there is none. */
  record: WaitRecord | undefined;
}

interface Options {
  node: Node;
  records: WaitRecords;
  files: FileUses;
  /** Whether waits are recorded. */
  resume: boolean;
  /** Whether results leave in the order of their messages. */
  inOrder: boolean;
  /** Resolves when the flows run. */
  started: Promise<void>;
  /** Makes a new random text. */
  makeKey: () => string;
  /** Called when `shown` has changed. */
  onChange: () => void;
}

/**
 * The waits of one node. The states of a wait:
 * - entered (`enter`): it holds its slot in the order and its file; its job is not known yet;
 * - begun (`begin`, or resumed from a record): the job is known, and with `resume` the wait is recorded on disk;
 * - left (`leave`): the message was sent or has failed, and its record is removed;
 * - handed over (`close`): the node closed first. A recorded wait is resumed by the next node of the same id, any other is
 *   dropped.
 * `msg.reset` (`cancel`) ends an entered or begun wait early; it then leaves like any other.
 */
export class Waits {
  /** Resolves when the waits that the node before this one handed over are resumed. Never rejects. */
  readonly ready: Promise<void>;
  readonly #active = new Set<Wait>();
  /** The waits that the status counts, the oldest first: those on disk, and those that are not to be recorded. */
  readonly #shown = new Set<Wait>();
  readonly #resumed = new WeakMap<NodeMessageInFlow, Wait>();
  readonly #order = new Order();
  #isClosed = false;

  constructor(private readonly options: Options) {
    options.records.nodes.add(options.node.id);
    this.ready = this.#resume();
  }

  /** The number of waits for the status, and the age of the oldest in milliseconds; undefined when there are none. */
  get shown(): { count: number; oldestMs: number } | undefined {
    const [oldest] = this.#shown;
    return oldest && { count: this.#shown.size, oldestMs: performance.now() - oldest.since };
  }

  /** The wait of a message that this node has resumed; undefined for a message that came by a wire. */
  resumed(msg: NodeMessageInFlow): Wait | undefined {
    return this.#resumed.get(msg);
  }

  /** A message has come. It holds its slot and its file until it leaves. */
  enter(msg: NodeMessageInFlow): Wait {
    return this.#enter(msg, this.options.makeKey(), undefined);
  }

  /** The message's job is known: from now on the wait may outlive the node. */
  begin(wait: Wait, msg: NodeMessageInFlow, job: JobRef): JobRef {
    wait.job = job;
    wait.limit = new TimeLimit(job.timeoutMs);
    if (wait.resets?.includes(job.jobId) === true) wait.cancelled.abort();
    const { resume, records, node } = this.options;
    // A message of a closed node has been counted as dropped.
    if (!resume || this.#isClosed) {
      this.#show(wait);
      return job;
    }
    const { jobId, timeoutMs, service } = job;
    const order = { sequence: records.nextSequence(), recordedAt: Date.now() };
    wait.record = { nodeId: node.id, jobId, service: service.service, timeoutMs, ...order, msg };
    void records.put(wait.key, wait.record).then((isRecorded) => {
      if (!isRecorded) wait.record = undefined;
      this.#show(wait);
    });
    return job;
  }

  /**
   * The message has left by an output or as an error, or the node has closed.
   * @param isFileFree whether its file can be deleted as soon as no other wait needs it
   * @param onRefused is given the reason when the file could not be deleted
   */
  leave(wait: Wait, isFileFree: boolean, onRefused: (error: Error) => void): void {
    const { records, files } = this.options;
    this.#active.delete(wait);
    this.#shown.delete(wait);
    wait.slot.leave();
    if (this.#isClosed) {
      files.drop(wait.file);
      return;
    }
    if (wait.record !== undefined) records.remove(wait.key);
    files.leave(wait.file, isFileFree).catch(onRefused);
  }

  /** The waits at this moment: those that a `msg.reset` which has just come may cancel. */
  get active(): Wait[] {
    return [...this.#active];
  }

  /** Cancels those of some waits that are for one job, or all of them. A wait whose job is not known yet remembers it. */
  cancel(waits: readonly Wait[], jobId?: number): void {
    for (const wait of waits) {
      if (jobId === undefined || jobId === wait.job?.jobId) wait.cancelled.abort();
      else if (wait.job === undefined) wait.resets = [...(wait.resets ?? []), jobId];
    }
  }

  /** Ends all waits. Recorded ones are handed over to the next node; when the node is removed they are dropped. */
  close(removed: boolean, underWay: number): Closing {
    this.#isClosed = true;
    const { records, node } = this.options;
    records.nodes.delete(node.id);
    let kept = 0;
    for (const { key, record, limit, cancelled } of this.#active) {
      cancelled.abort();
      if (record === undefined) continue;
      records.handOver(key, { ...record, timeoutMs: limit.left });
      kept++;
    }
    const lost = removed ? records.removeWaitingFor(node.id) : 0;
    return { dropped: underWay - kept + lost, settled: records.idle() };
  }

  #enter(msg: NodeMessageInFlow, key: string, record: WaitRecord | undefined): Wait {
    const slot = this.options.inOrder ? this.#order.enter(topicOf(msg)) : NO_ORDER;
    const wait = {
      key,
      slot,
      file: this.options.files.enter(msg),
      since: performance.now(),
      cancelled: new AbortController(),
      isResumed: record !== undefined,
      job: record && { jobId: record.jobId, timeoutMs: record.timeoutMs, service: { service: record.service } },
      resets: undefined,
      limit: new TimeLimit(record?.timeoutMs ?? 0),
      record,
    };
    this.#active.add(wait);
    if (this.#isClosed) wait.cancelled.abort(); // the node closed while the message was read
    if (record !== undefined) this.#shown.add(wait);
    return wait;
  }

  #show(wait: Wait): void {
    if (!this.#active.has(wait)) return;
    this.#shown.add(wait);
    this.options.onChange();
  }

  async #resume(): Promise<void> {
    const { node, records, started } = this.options;
    await records.load();
    if (!records.hasWaiting) return;
    await started;
    records.prune();
    for (const [index, [key, record]] of records.waitingFor(node.id).entries()) {
      if (index % RESUMED_AT_ONCE === RESUMED_AT_ONCE - 1) await pause();
      if (this.#isClosed) return;
      records.take(key);
      this.#resumed.set(record.msg, this.#enter(record.msg, key, record));
      node.receive(record.msg);
    }
  }
}

/** The slot of messages that need not keep an order. */
const NO_ORDER: Slot = { turn: Promise.resolve(), leave: () => undefined };
