import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Alarm, Topic } from "../../src/alarm";
import { contentHash } from "../../src/store/content-store";
import type { RecordStore } from "../../src/store";
import type { KeptAlarm } from "./record.lazy";

/** The alarms of one node on disk, so that a restart neither raises nor loses one. */
export class AlarmStore {
  readonly #folder: string;
  #records: Promise<RecordStore<KeptAlarm>> | undefined;
  #settled = Promise.resolve();

  /**
   * @param folder holds the alarms of all nodes
   * @param onFailure is given the reason when an alarm could not be read or written. Nothing is thrown: alarms also work
   *   without a disk
   */
  constructor(
    folder: string,
    nodeId: string,
    private readonly onFailure: (error: unknown) => void,
  ) {
    this.#folder = join(folder, contentHash(Buffer.from(nodeId)));
  }

  /** Reads all alarms. When there are none, no file is opened and no module is loaded. */
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
  put(topic: Topic, { state, limit, back, acknowledged, since, received }: Alarm): void {
    if (state === null) return;
    const kept = { topic, state, limit, back, acknowledged, since, received };
    this.#write((records) => records.put(keyOf(topic), kept));
  }

  remove(topic: Topic): void {
    this.#write((records) => records.remove(keyOf(topic)));
  }

  /** Removes the alarms of this node, which was deleted. */
  async removeAll(): Promise<void> {
    await this.settled();
    await rm(this.#folder, { recursive: true, force: true }).catch(this.onFailure);
  }

  /** Resolves when all writes so far have ended. */
  async settled(): Promise<void> {
    await this.#settled;
  }

  #write(action: (records: RecordStore<KeptAlarm>) => Promise<unknown>): void {
    const written = this.#open().then(action).catch(this.onFailure);
    this.#settled = Promise.all([this.#settled, written]).then(() => undefined); // keeps no results
  }

  #open(onRecord?: (alarm: KeptAlarm) => void): Promise<RecordStore<KeptAlarm>> {
    this.#records ??= import("./record.lazy.js").then(({ openRecords }) => openRecords(this.#folder, onRecord));
    this.#records.catch(() => (this.#records = undefined)); // the next write tries again
    return this.#records;
  }
}

/** A hash, as a record's key has at most 1000 characters and a topic may have more. */
function keyOf(topic: Topic): string {
  return contentHash(Buffer.from(JSON.stringify(topic)));
}
