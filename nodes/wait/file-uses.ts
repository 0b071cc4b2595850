import { inspect } from "node:util";
import type { NodeMessage } from "node-red";
import { successorOf } from "../service/service-of-job";
import { segmentOf } from "../common/segment-of";

/** A file that waits are about. */
export interface FileUse {
  readonly name: string;
  readonly service: string;
  readonly file: unknown;
  count: number;
  /** Whether one of the waits that have left wants it deleted. */
  isFree: boolean;
}

/** Which files the waits of all nodes are about, so that one can be deleted when the last has left. */
export class FileUses {
  readonly #uses = new Map<string, FileUse>();

  /** Counts a wait in; undefined when its message names no file, or not whose file it is. */
  enter(msg: NodeMessage): FileUse | undefined {
    const { service, file } = segmentOf(msg);
    if (typeof service !== "string" || file === undefined) return undefined;
    const name = inspect([service, file]);
    const use = this.#uses.get(name) ?? { name, service, file, count: 0, isFree: false };
    use.count++;
    this.#uses.set(name, use);
    return use;
  }

  /** Counts out a wait that did not leave: the node that takes it up counts it in again. */
  drop(use: FileUse | undefined): void {
    if (use === undefined) return;
    use.count--;
    if (use.count === 0) this.#uses.delete(use.name);
  }

  /**
   * Counts a wait out. When it was the last, and one of them has set the file free, it is deleted on the service.
   * @throws {SegmentError} when the service refuses or can't be asked
   */
  async leave(use: FileUse | undefined, isFree: boolean): Promise<void> {
    if (use === undefined) return;
    use.isFree ||= isFree;
    use.count--;
    if (use.count > 0) return;
    this.#uses.delete(use.name);
    if (use.isFree) await deleteFile(use);
  }
}

async function deleteFile({ service, file }: FileUse): Promise<void> {
  const { fileIdentityOf, fileReferenceSchema } = await import("../../src/api/index.js");
  const identity = fileIdentityOf(fileReferenceSchema.parse(file));
  const connection = await successorOf(service, new AbortController().signal);
  await (await connection.client()).deleteFiles([identity]);
}
