import { fork, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { Socket } from "node:net";
import { createInterface } from "node:readline";
import type { ParentMessage } from "../api";
import { errorText } from "../api/segment-error";
import { isChildMessage } from "./child-message";
import type { EmbeddedOptions } from "./options";

const STOP_PATIENCE_MS = 5000;
/** For the last lines of the log. Workers that outlive a killed server keep its log open. */
const LOG_PATIENCE_MS = 1000;
const KEPT_LINES = 5;

/** Where a running server listens, and the token that it wants. */
export interface Endpoint {
  url: string;
  token: string;
}

export interface ChildEvents {
  ready(endpoint: Endpoint): void;
  /** Told once, also when the process could not be started at all. */
  ended(reason: string): void;
  line(text: string): void;
}

/**
 * One run of the server as a child process. Nothing of it keeps this process alive; the child ends by itself when its
 * IPC channel closes, so also when this process is killed.
 */
export class ServerChild {
  readonly #process: ChildProcess;
  readonly #events: ChildEvents;
  readonly #lines: string[] = [];
  #failure: string | undefined;
  #hasEnded = false;

  /** @throws {Error} when the server's file is missing */
  constructor(options: EmbeddedOptions, events: ChildEvents) {
    this.#events = events;
    this.#process = fork(require.resolve("@visionjobs/node-red-segment/segment-server"), argumentsOf(options), {
      execArgv: [],
      env: { ...process.env, NODE_OPTIONS: undefined },
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.#listen();
    this.#unref();
    // Over IPC, as other users of the machine can read command lines, and children the environment.
    const token = randomBytes(32).toString("hex");
    this.#onMessage(token);
    this.#send({ type: "start", token });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Lets the server end by itself; kills it if it does not. On Windows a signal would be a hard kill at once. */
  stop(): void {
    this.#send({ type: "stop" });
    setTimeout(() => this.#process.kill("SIGKILL"), STOP_PATIENCE_MS).unref();
  }

  #listen(): void {
    const child = this.#process;
    child.on("error", (error) => {
      if (child.pid === undefined) this.#end(errorText(error));
    });
    const ended = (code: number | null, signal: string | null): void =>
      this.#end(`it ended with ${signal ?? `code ${code ?? "?"}`}`);
    // "close" comes after the last line of the log has been read.
    child.once("close", ended);
    child.once("exit", (code, signal) => setTimeout(() => ended(code, signal), LOG_PATIENCE_MS).unref());
    if (child.stderr === null) return;
    createInterface({ input: child.stderr }).on("line", (line) => {
      this.#lines.push(line);
      if (this.#lines.length > KEPT_LINES) this.#lines.shift();
      this.#events.line(line);
    });
  }

  #onMessage(token: string): void {
    this.#process.on("message", (message: unknown) => {
      if (!isChildMessage(message)) return;
      if (message.type === "ready") this.#events.ready({ url: message.url, token });
      else this.#failure = message.message;
    });
  }

  #unref(): void {
    const { stderr, channel } = this.#process;
    this.#process.unref();
    channel?.unref();
    if (stderr instanceof Socket) stderr.unref();
  }

  /** A child that is gone can't be told; its end is noticed elsewhere. */
  #send(message: ParentMessage): void {
    this.#process.send(message, () => undefined);
  }

  #end(reason: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const log = this.#lines.length === 0 ? "" : `; its last words: ${this.#lines.join(" | ")}`;
    this.#events.ended(this.#failure ?? `${reason}${log}`);
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
