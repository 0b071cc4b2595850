import { fork, type ChildProcess } from "node:child_process";
import { Socket } from "node:net";
import { createInterface } from "node:readline";

/**
 * Longest time (ms) between the end of a process and its report. The last lines of a log arrive in it; a grandchild that
 * outlives the process keeps the log open for longer.
 */
const LAST_LINES_MS = 1000;

/** What to run, and what becomes of its output. */
export interface ChildCommand {
  /** An absolute path, or an export of this package. */
  module: string;
  args?: readonly string[];
  /** Options of Node.js. The parent's are not inherited. */
  execArgv?: readonly string[];
  stdout: "ignore" | "lines";
  stderr: "inherit" | "lines";
}

export interface ChildEvents {
  message(message: unknown): void;
  /** A line of a stream that is read as lines. */
  line?(text: string): void;
  /** Called once, also when the process could not be started. */
  ended(end: ChildEnd): void;
}

/** How a child process ended. */
export interface ChildEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Why the process could not be started. */
  error?: Error;
}

/**
 * A Node.js process with an IPC channel, and its life: starting -> running -> ended. "ended" is reported once: when the
 * process is gone and its output has been read, or when it could not be started. A child must end by itself when the channel
 * closes, so that it does not outlive this process, however that ends.
 */
export class IpcChild {
  readonly #process: ChildProcess;
  readonly #events: ChildEvents;
  #hasEnded = false;

  /** @throws {Error} when the module is missing */
  constructor({ module, args = [], execArgv = [], stdout, stderr }: ChildCommand, events: ChildEvents) {
    this.#events = events;
    this.#process = fork(modulePath(module), args, {
      execArgv: [...execArgv],
      env: childEnvironment(),
      stdio: ["ignore", stdout === "lines" ? "pipe" : stdout, stderr === "lines" ? "pipe" : stderr, "ipc"],
    });
    this.#process.on("message", (message: unknown) => events.message(message));
    this.#listenForEnd();
    this.#readLines();
  }

  /** Undefined when the process could not be started. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  /**
   * Sends a message.
   * @param onFailure called when the channel is closed; the end of the child is reported in any case
   * @throws {Error} when the message can't be serialized
   */
  send(message: object, onFailure: (error: Error) => void = () => undefined): void {
    this.#process.send(message, (error) => {
      if (error !== null) onFailure(error);
    });
  }

  /** Ends the process at once. There is no softer signal on Windows: to let a child clean up, send it a message. */
  kill(): void {
    this.#process.kill("SIGKILL");
  }

  /** Lets this process end while the child runs. */
  unref(): void {
    const { stdout, stderr, channel } = this.#process;
    this.#process.unref();
    channel?.unref();
    for (const stream of [stdout, stderr]) if (stream instanceof Socket) stream.unref();
  }

  #listenForEnd(): void {
    const child = this.#process;
    child.on("error", (error) => {
      if (child.pid === undefined) this.#end({ code: null, signal: null, error });
    });
    // "close" comes after the last line of the output.
    child.once("close", (code, signal) => this.#end({ code, signal }));
    child.once("exit", (code, signal) => setTimeout(() => this.#end({ code, signal }), LAST_LINES_MS).unref());
  }

  #readLines(): void {
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on("line", (line) => this.#events.line?.(line));
    }
  }

  #end(end: ChildEnd): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#events.ended(end);
  }
}

/** The path of a module: of an export of this package, so of its built file, or of an absolute path. */
export function modulePath(module: string): string {
  return require.resolve(module);
}

/** The environment without NODE_OPTIONS: a debugger or loader of the parent is not meant for its children. */
export function childEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, NODE_OPTIONS: undefined };
}

/** How the process ended, in a few words: the signal, or the exit code. */
export function endText({ code, signal, error }: ChildEnd): string {
  return error?.message ?? signal ?? `code ${code ?? "?"}`;
}
