import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Alarm, Topic } from "../../src/alarm";
import { contentHash } from "../../src/store/content-store";
import type { RecordStore } from "../../src/store";
import type { KeptAlarm } from "./record.lazy";

/** The alarms of one node on the disk, so that a restart neither raises nor loses one. */
export class AlarmStore {
  readonly #folder: string;
  #records: Promise<RecordStore<KeptAlarm>> | undefined;
  #settled = Promise.resolve();

  /**
   * @param folder of the alarms of all nodes
   * @param onFailure hears why an alarm could not be read or written; nothing is thrown, as alarms go on without a disk
   */
  constructor(
    folder: string,
    nodeId: string,
    private readonly onFailure: (error: unknown) => void,
  ) {
    this.#folder = join(folder, contentHash(Buffer.from(nodeId)));
  }

  /** Reads all alarms. Without any the disk is not touched and nothing is loaded. */
  async load(): Promise<KeptAlarm[]> {
    if (!existsSync(this.#folder)) return [];
    const alarms: KeptAlarm[] = [];
    try {
      const { setAside } = await this.#open((alarm) => alarms.push(alarm));
      if (setAside > 0)
        throw new Error(`${setAside} damaged or unfinished files were moved to ${this.#folder}/damaged`);
    } catch (error) {
      this.onFailure(error);
    }
    return alarms;
  }

  /** Writes the alarm of a topic. */
  put(topic: Topic, { state, limit, back, acknowledged, since, heard }: Alarm): void {
    if (state === null) return;
    const kept = { topic, state, limit, back, acknowledged, since, heard };
    this.#write((records) => records.put(keyOf(topic), kept));
  }

  remove(topic: Topic): void {
    this.#write((records) => records.remove(keyOf(topic)));
  }

  /** Removes the alarms of this node, which is no more. */
  async removeAll(): Promise<void> {
    await this.settled();
    await rm(this.#folder, { recursive: true, force: true }).catch(this.onFailure);
  }

  /** Resolves when all that was asked for is on the disk, or has failed. */
  async settled(): Promise<void> {
    await this.#settled;
  }

  #write(action: (records: RecordStore<KeptAlarm>) => Promise<unknown>): void {
    const written = this.#open().then(action).catch(this.onFailure);
    this.#settled = Promise.all([this.#settled, written]).then(() => undefined); // not all results so far
  }

  #open(onRecord?: (alarm: KeptAlarm) => void): Promise<RecordStore<KeptAlarm>> {
    this.#records ??= import("./record.lazy.js").then(({ openRecords }) => openRecords(this.#folder, onRecord));
    this.#records.catch(() => (this.#records = undefined)); // the next one tries again
    return this.#records;
  }
}

/** A record's key has at most 1000 characters, a topic may have more. */
function keyOf(topic: Topic): string {
  return contentHash(Buffer.from(JSON.stringify(topic)));
}
