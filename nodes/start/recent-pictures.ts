import { isDeepStrictEqual } from "node:util";
import type { Node, NodeMessage } from "node-red";
import type { FileReference } from "../../src/api";
import { segmentOf } from "../common/segment-of";

/** The last picture that passed a node. */
export interface RecentPicture {
  /** The service that has the file, as the message named it; undefined when it did not. */
  service: unknown;
  file: FileReference;
  /** The message's own bytes, where it carried them. Not copied. */
  image: Uint8Array | undefined;
}

/** What the prompt editor needs to know of a node that is deployed. */
interface Seen {
  /** Id of its config node. */
  config: string | undefined;
  picture: RecentPicture | undefined;
  /** How many nodes run under this id: one in each instance of a subflow. */
  nodes: number;
}

/** The newest picture of each node, for the prompt editor in its dialog. */
export class RecentPictures {
  readonly #nodes = new Map<string, Seen>();

  /**
   * Knows a node until it is removed. A deploy leaves only the reference to its file, so that the dialog still has a
   * picture afterwards; the bytes are let go of.
   * @returns what takes note of a picture
   */
  watch(node: Node, config: string | undefined): (msg: NodeMessage, file: FileReference) => void {
    const id = editorIdOf(node);
    const seen = this.#nodes.get(id) ?? { config, picture: undefined, nodes: 0 };
    seen.config = config;
    seen.nodes++;
    this.#nodes.set(id, seen);
    node.on("close", (removed: boolean, done: () => void) => {
      if (seen.picture !== undefined) seen.picture = { ...seen.picture, image: undefined };
      seen.nodes--;
      if (removed && seen.nodes === 0) this.#nodes.delete(id);
      done();
    });
    return (msg, file) => (seen.picture = pictureOf(msg, file));
  }

  /** By the id that the node has in the editor; undefined when it does not run. */
  find(id: string): Readonly<Seen> | undefined {
    return this.#nodes.get(id);
  }
}

/** A node in a subflow has another id at run time than in the editor. */
function editorIdOf(node: Node): string {
  return node._alias ?? node.id;
}

function pictureOf(msg: NodeMessage, file: FileReference): RecentPicture {
  const segment = segmentOf(msg);
  const isOfFile = segment.file === undefined || isDeepStrictEqual(segment.file, file);
  const image = "image" in msg && isOfFile && msg.image instanceof Uint8Array ? msg.image : undefined;
  return { service: segment.service, file, image };
}
