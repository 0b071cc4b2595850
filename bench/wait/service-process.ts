import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { ServiceReport } from "./service";

/** A service of the benchmark, in a process of its own. */
export class ServiceProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
    readonly fileId: number,
  ) {}

  /** @param kind our own server, or one that speaks the contract without any extension */
  static async start(kind: "own" | "plain"): Promise<ServiceProcess> {
    const child = fork(join(__dirname, "service.ts"), [kind], { execArgv: ["--require", "tsx/cjs"] });
    const { url, fileId } = await nextReport(child);
    return new ServiceProcess(child, url, fileId);
  }

  /** Number of requests that it has received so far. */
  async requests(): Promise<number> {
    const report = nextReport(this.child);
    this.child.send("report");
    return (await report).requests;
  }

  async close(): Promise<void> {
    const exit = once(this.child, "exit");
    this.child.disconnect();
    await exit;
  }
}

async function nextReport(child: ChildProcess): Promise<ServiceReport> {
  const ended = new AbortController();
  const end = (): void => ended.abort();
  child.once("exit", end);
  try {
    const [report] = (await once(child, "message", { signal: ended.signal })) as [ServiceReport];
    return report;
  } catch (error) {
    throw new Error("A service of the benchmark ended: see its message above.", { cause: error });
  } finally {
    child.off("exit", end);
  }
}
