import { inspect } from "node:util";
import type { NodeMessage } from "node-red";
import { successorOf } from "../service/service-of-job";
import { segmentOf } from "../common/segment-of";

/** A file, and the waits for jobs on it. */
export interface FileUse {
  readonly name: string;
  readonly service: string;
  readonly file: unknown;
  count: number;
  /** Whether one of the waits that have left asked for its deletion. */
  isFree: boolean;
}

/** The files of the waits of all nodes, so that a file is deleted only when its last wait has left. */
export class FileUses {
  readonly #uses = new Map<string, FileUse>();

  /** Counts a wait in; undefined when its message names no file or no service. */
  enter(msg: NodeMessage): FileUse | undefined {
    const { service, file } = segmentOf(msg);
    if (typeof service !== "string" || file === undefined) return undefined;
    const name = inspect([service, file]);
    const use = this.#uses.get(name) ?? { name, service, file, count: 0, isFree: false };
    use.count++;
    this.#uses.set(name, use);
    return use;
  }

  /** Counts out a wait that did not leave: the node that resumes it counts it in again. */
  drop(use: FileUse | undefined): void {
    if (use === undefined) return;
    use.count--;
    if (use.count === 0) this.#uses.delete(use.name);
  }

  /**
   * Counts a wait out. After the last one the file is deleted on the service, if any of them asked for that.
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
