import { isDeepStrictEqual } from "node:util";
import type { Node, NodeMessage } from "node-red";
import type { FileReference } from "../../src/api";
import { segmentOf } from "../common/segment-of";

/** The last picture that passed a node. */
export interface RecentPicture {
  /** Identity of the service that has the file; undefined when the message does not name it. */
  service: unknown;
  file: FileReference;
  /** The message's own bytes, where it carried them. Not copied. */
  image: Uint8Array | undefined;
}

/** What the prompt editor needs of a deployed node. */
interface Watched {
  /** Id of its config node. */
  config: string | undefined;
  picture: RecentPicture | undefined;
  /** How many nodes run under this id: one in each instance of a subflow. */
  nodes: number;
}

/** The newest picture of each node, for the prompt editor in its dialog. */
export class RecentPictures {
  readonly #nodes = new Map<string, Watched>();

  /**
   * Watches a node until it is removed. A deploy drops the bytes of its picture but keeps the reference to the file, so
   * that the dialog still has a picture afterwards.
   * @returns the function that notes a picture
   */
  watch(node: Node, config: string | undefined): (msg: NodeMessage, file: FileReference) => void {
    const id = editorIdOf(node);
    const watched = this.#nodes.get(id) ?? { config, picture: undefined, nodes: 0 };
    watched.config = config;
    watched.nodes++;
    this.#nodes.set(id, watched);
    node.on("close", (removed: boolean, done: () => void) => {
      if (watched.picture !== undefined) watched.picture = { ...watched.picture, image: undefined };
      watched.nodes--;
      if (removed && watched.nodes === 0) this.#nodes.delete(id);
      done();
    });
    return (msg, file) => (watched.picture = pictureOf(msg, file));
  }

  /** Finds a node by its id in the editor; undefined when it does not run. */
  find(id: string): Readonly<Watched> | undefined {
    return this.#nodes.get(id);
  }
}

/** The id of a node in the editor. At run time, a node in a subflow has another one. */
function editorIdOf(node: Node): string {
  return node._alias ?? node.id;
}

function pictureOf(msg: NodeMessage, file: FileReference): RecentPicture {
  const segment = segmentOf(msg);
  const isOfFile = segment.file === undefined || isDeepStrictEqual(segment.file, file);
  const image = "image" in msg && isOfFile && msg.image instanceof Uint8Array ? msg.image : undefined;
  return { service: segment.service, file, image };
}
