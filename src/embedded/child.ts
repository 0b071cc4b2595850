import { randomBytes } from "node:crypto";
import type { ParentMessage } from "../api";
import { endText, IpcChild, type ChildEnd } from "../process/ipc-child";
import { isChildMessage } from "./child-message";
import type { EmbeddedOptions } from "./options";
import { SERVER_FILE } from "./server-file";

const STOP_PATIENCE_MS = 5000;
const KEPT_LINES = 5;

/** Where a running server listens, and the token that it requires. */
export interface Endpoint {
  url: string;
  token: string;
}

export interface ChildEvents {
  ready(endpoint: Endpoint): void;
  /** Called once, also when the process could not be started. */
  ended(reason: string): void;
  line(text: string): void;
}

/** One run of the server as a child process. It does not keep this process alive, and ends with it. */
export class ServerChild {
  readonly #child: IpcChild;
  readonly #events: ChildEvents;
  readonly #lines: string[] = [];
  #failure: string | undefined;

  /** @throws {Error} when the server's file is missing */
  constructor(options: EmbeddedOptions, events: ChildEvents) {
    this.#events = events;
    // Sent over IPC: other users of the machine can read command lines, and child processes the environment.
    const token = randomBytes(32).toString("hex");
    this.#child = new IpcChild(
      { module: SERVER_FILE, args: argumentsOf(options), stdout: "ignore", stderr: "lines" },
      {
        message: (message) => this.#receive(message, token),
        line: (text) => this.#keepLine(text),
        ended: (end) => this.#end(end),
      },
    );
    this.#child.unref();
    this.#send({ type: "start", token });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Lets the server end by itself; kills it if it does not. */
  stop(): void {
    this.#send({ type: "stop" });
    setTimeout(() => this.#child.kill(), STOP_PATIENCE_MS).unref();
  }

  #send(message: ParentMessage): void {
    this.#child.send(message);
  }

  #receive(message: unknown, token: string): void {
    if (!isChildMessage(message)) return;
    if (message.type === "ready") this.#events.ready({ url: message.url, token });
    else this.#failure = message.message;
  }

  #keepLine(text: string): void {
    this.#lines.push(text);
    if (this.#lines.length > KEPT_LINES) this.#lines.shift();
    this.#events.line(text);
  }

  #end(end: ChildEnd): void {
    const how = end.error === undefined ? `it ended with ${endText(end)}` : endText(end);
    const log = this.#lines.length === 0 ? "" : `; its last log lines: ${this.#lines.join(" | ")}`;
    this.#events.ended(this.#failure ?? `${how}${log}`);
  }
}

function argumentsOf({ dataDir, engine, keepHours, keepMegabytes, userDir }: EmbeddedOptions): string[] {
  return [
    "--ipc",
    ...["--data", dataDir],
    ...["--engine", engine],
    ...["--keep-hours", String(keepHours)],
    ...["--keep-megabytes", String(keepMegabytes)],
    ...(userDir === undefined ? [] : ["--user-dir", userDir]),
  ];
}
