/** One cell of the matrix: its own flow, whose service is its own simulator in front of a real server. */
import { setTimeout as sleep } from "node:timers/promises";
import { parseScript, Simulator } from "../../src/simulator";
import { node, type FlowNode, type Message, type RunningFlow } from "../nodes/flow";
import { DISC } from "../nodes/scene";
import { STEPS, type Outcome, type Row, type Step } from "./expected";

const SECRET = "a secret of the matrix";
const RETRIES = 3;
const TIMEOUT_S = 2;
/** Extra time for a slow machine. */
const SLACK_MS = 60_000;
const POLL_MS = 100;
const ENDS = ["completed", "notCompleted", "caught"];

/** The outcome of a message. */
export interface Seen {
  outcome: string;
  /** Text of the error, if any. */
  text: string;
  ms: number;
}

/** How many nodes a message has passed when a step fails. */
const NODES_BEFORE: Record<Step, number> = { token: 0, upload: 0, put: 0, files: 0, start: 1, poll: 2, "poll-many": 2 };

export class Cell {
  readonly name: string;
  readonly expected: Outcome;
  seen: Seen = { outcome: "not sent", text: "", ms: 0 };
  /** Messages at the ends and at the Complete node, counted after all cells have ended. */
  counts = { ends: 0, finished: 0 };

  private constructor(
    private readonly id: number,
    readonly row: Row,
    readonly step: Step,
    private readonly simulator: Simulator,
  ) {
    this.name = `${step}: ${row.name}`;
    this.expected = row.expected[step];
  }

  /** @param onFault called when the fault begins */
  static async create(
    id: number,
    row: Row,
    step: Step,
    target: { url: string; token: string },
    onFault: () => void,
  ): Promise<Cell> {
    const script = {
      rules: [{ on: { step }, ...row.turn, do: row.fault }],
      withoutExtensions: step !== "poll-many",
      oauth: { clientSecret: SECRET },
    };
    const simulator = await Simulator.start({
      target,
      script: parseScript(script, "matrix"),
      host: "127.0.0.1",
      port: 0,
      log: onFault,
    });
    return new Cell(id, row, step, simulator);
  }

  /** How long the message may take, in ms: all retries of the request until they time out, and the pauses between them. */
  get boundMs(): number {
    // The client checks for a minute whether the picture has arrived. When its link does not work, it sends it twice.
    const toArrive = this.step === "put" ? 60_000 : 0;
    const timeoutS = this.row.fault.fault === "oversized" ? 30 : TIMEOUT_S;
    const heldS = this.step === "poll-many" ? 20 : 0;
    const requests = (RETRIES + 1) * (timeoutS + heldS) * 1000 * (this.step === "put" ? 2 : 1);
    return requests + toArrive + SLACK_MS;
  }

  /** How many nodes must have triggered the Complete node. */
  get finishedExpected(): number {
    return this.expected === "result" || this.expected.startsWith("output 2") ? 3 : NODES_BEFORE[this.step];
  }

  get flow(): FlowNode[] {
    const own = (name: string): string => this.#own(name);
    const config = {
      service: "cdf",
      baseUrl: this.simulator.url,
      auth: "oauth",
      tokenUrl: `${this.simulator.url}/oauth2/token`,
      clientId: "matrix",
      // The client reads 32 MB of an oversized response before it gives up.
      timeout: String(this.row.fault.fault === "oversized" ? 30 : TIMEOUT_S),
      retries: String(RETRIES),
    };
    return [
      { id: own("config"), type: "segment-config", name: this.name, ...config },
      node(own("upload"), "segment-upload", [[own("start")]], { config: own("config") }),
      node(own("start"), "segment-start", [[own("wait")]], {
        config: own("config"),
        points: JSON.stringify([[DISC.x, DISC.y]]),
        pointsType: "json",
      }),
      node(own("wait"), "segment-wait", [["completed"], ["notCompleted"]], { config: own("config") }),
    ];
  }

  /** The config node's id and its secrets. */
  get credentials(): [string, object] {
    return [this.#own("config"), { clientSecret: SECRET }];
  }

  /** Sends a picture and waits until the message arrives at an end, or until the time limit. */
  async run(running: RunningFlow, picture: Buffer): Promise<void> {
    const startedAt = performance.now();
    const elapsed = (): number => performance.now() - startedAt;
    // What follows a JPEG's end is not read, but makes it another file: the service keeps each only once.
    const own = Buffer.concat([picture, Buffer.from(this.name)]);
    running.send(this.#own("upload"), { payload: own, topic: this.name });
    while (this.#count(running, ENDS) === 0 && elapsed() < this.boundMs) await sleep(POLL_MS);
    this.seen = { ...this.#outcome(running), ms: elapsed() };
  }

  /** Counts what has arrived by now. */
  count(running: RunningFlow): void {
    this.counts = { ends: this.#count(running, ENDS), finished: this.#count(running, ["finished"]) };
  }

  close(): Promise<void> {
    return this.simulator.close();
  }

  #outcome(running: RunningFlow): { outcome: string; text: string } {
    const [completed, notCompleted, caught] = ENDS.map((end) => this.#messages(running, end)[0]);
    if (completed !== undefined) return { outcome: "result", text: "" };
    const { code, message = "" } = (notCompleted ?? caught)?.error ?? {};
    if (notCompleted !== undefined) return { outcome: `output 2: ${code ?? "none"}`, text: message };
    return { outcome: caught === undefined ? "nothing" : (code ?? "no code"), text: message };
  }

  #count(running: RunningFlow, ends: string[]): number {
    return ends.reduce((sum, end) => sum + this.#messages(running, end).length, 0);
  }

  /** This cell's messages at a node that all cells share, found by their topic. */
  #messages(running: RunningFlow, end: string): Message[] {
    return running.unread(end).filter(({ topic }) => topic === this.name);
  }

  #own(name: string): string {
    return `${name}-${this.id}`;
  }
}

/** All cells on one tab, with one Catch and one Complete node. */
export function flowOf(cells: readonly Cell[]): FlowNode[] {
  const nodes = cells.flatMap(({ flow }) => flow);
  return [
    { id: "tab", type: "tab", label: "matrix" },
    ...nodes,
    node("catch", "catch", [["caught"]], { scope: null }),
    node("complete", "complete", [["finished"]], {
      scope: nodes.filter(({ type }) => type !== "segment-config").map(({ id }) => id),
    }),
    ...[...ENDS, "finished"].map((id) => node(id, "helper", [])),
  ];
}

/** The matrix as text: the outcome of each cell, with a `!` where it is wrong. */
export function tableOf(cells: readonly Cell[]): string {
  const rows = [...new Set(cells.map(({ row }) => row.name))].map((name) => [
    name,
    ...STEPS.map((step) => textOf(cells.find((cell) => cell.row.name === name && cell.step === step))),
  ]);
  const all = [["", ...STEPS], ...rows];
  const widths = ["", ...STEPS].map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  return all
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function textOf(cell: Cell | undefined): string {
  if (cell === undefined) return "";
  const { seen, expected } = cell;
  const outcome = seen.outcome.replace("output 2: ", "2: ");
  return seen.outcome === expected ? outcome : `! ${outcome}`;
}
