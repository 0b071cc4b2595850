// Stands in for a Node-RED: starts an embedded server and stays or ends as its argument says, or installs the sam engine.
import { setTimeout as sleep } from "node:timers/promises";
import { EmbeddedServer, installSam } from "../../src/embedded";

const [dataDir = "", then] = process.argv.slice(2);

async function main(): Promise<void> {
  const log = (line: string): void => void process.stderr.write(`${line}\n`);
  if (then === "install") {
    installSam(dataDir, log);
    await sleep(60_000);
  }
  const server = EmbeddedServer.acquire({ dataDir, engine: "auto", keepHours: 24, keepMegabytes: 100, log });
  await server.endpoint();
  process.stdout.write("ready\n");
  if (then === "stay") await sleep(60_000);
}

void main();
