// npm run demo:camera: a camera, an MQTT broker, Node-RED with the example "MQTT camera to dashboard", and an operator's
// browser. It measures, for each engine that there is, how long a picture takes from the broker to the operator's page,
// and what ten pictures a second do.
//   npm run demo:camera                     measures, prints the addresses, and stays until Ctrl+C
//   npm run demo:camera -- --once           a short measurement, and ends
//   npm run demo:camera -- --engine sam     with one engine only
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { percentile } from "../../tools/statistics";
import { chromiumPath } from "../../tools/chromium";
import { errorText } from "../../src/api";
import { createEngine } from "../../src/engine";
import { startBroker, type Broker } from "../../tools/broker";
import { CAMERA_TOPIC, cameraFlow, DASHBOARD, OPERATOR_PAGE, WITH_DASHBOARD } from "../../tools/dashboard";
import { Camera, choosePart, flood, measureDelays, type Flood } from "./camera/measure";
import { takePictures } from "../../tools/moving-parts";
import { openOperator, type Operator } from "./camera/operator";
import { aborted, linkPackage, startNodeRed, type RunningNodeRed } from "../../tools/node-red";

type EngineName = "graphcut" | "sam";

/** How many pictures are sent to each engine, and the target for the median, in milliseconds. */
const AIMS = { graphcut: { everyMs: 1000, p50: 400 }, sam: { everyMs: 2000, p50: 1500 } };
const LONG = { count: 30, floodSeconds: 60 };
const SHORT = { count: 5, floodSeconds: 6 };
const MEGABYTE = 2 ** 20;

/** Ctrl+C, or the request of another process to end. */
class Interrupted extends Error {}

/** What is running. */
interface Stage {
  camera: Camera;
  nodeRed: RunningNodeRed;
  /** The operator's page. */
  page: string;
}

/** Runs Node-RED with the example on an engine, for as long as `use` takes. */
async function onStage(
  engine: EngineName,
  pictures: Buffer[],
  end: AbortController,
  use: (stage: Stage) => Promise<void>,
): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), "node-red-segment-camera-"));
  let broker: Broker | undefined;
  let nodeRed: RunningNodeRed | undefined;
  try {
    broker = await startBroker();
    await linkPackage(home, DASHBOARD);
    const flow = await cameraFlow(broker.port, { "segment-config": { engine } });
    nodeRed = await startNodeRed(home, flow, end.signal, WITH_DASHBOARD);
    nodeRed.crashed.catch((error: unknown) => end.abort(error));
    const stage = { camera: new Camera(broker, pictures), nodeRed, page: `${nodeRed.url}${OPERATOR_PAGE}` };
    await Promise.race([aborted(end.signal), broker.subscribed(CAMERA_TOPIC).then(() => use(stage))]);
  } finally {
    await nodeRed?.stop();
    await broker?.stop();
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function measure(
  engine: EngineName,
  { camera, nodeRed, page }: Stage,
  chromium: string,
  { count, floodSeconds }: typeof LONG,
): Promise<void> {
  let operator: Operator | undefined;
  try {
    operator = await openOperator(chromium, page);
    await choosePart(camera, operator);
    const { everyMs } = AIMS[engine];
    reportDelays(engine, count, await measureDelays(camera, operator, { count, everyMs }));
    reportFlood(engine, await flood(camera, operator, nodeRed.pid, floodSeconds));
  } finally {
    await operator?.close();
  }
}

function reportDelays(engine: EngineName, count: number, delays: number[]): void {
  const { everyMs, p50: aim } = AIMS[engine];
  const [p50, p95] = [0.5, 0.95].map((share) => `${Math.round(percentile(delays, share))} ms`);
  console.log(row(engine, `a picture every ${everyMs / 1000} s: shown ${delays.length} of ${count}`));
  console.log(row("", `broker → outline on the page: p50 ${p50}, p95 ${p95} (aim: p50 under ${aim} ms)`));
}

function reportFlood(engine: EngineName, { sent, shown, isNewestShown, memory }: Flood): void {
  const newest = isNewestShown ? "the newest is shown at the end" : "THE NEWEST IS NOT SHOWN AT THE END";
  console.log(row(engine, `10 pictures a second: ${sent} sent, ${shown} shown, ${sent - shown} skipped; ${newest}`));
  if (memory === undefined) return;
  const [warm, last] = [memory.warm, memory.last].map((bytes) => Math.round(bytes / MEGABYTE));
  const change = (memory.last / memory.warm - 1) * 100;
  console.log(row("", `memory of Node-RED and its server: ${warm} MB when warm, ${last} MB at the end`));
  console.log(row("", `(${change < 0 ? "" : "+"}${change.toFixed(1)} %, aim: within 10 %)`));
}

function row(name: string, text: string): string {
  return `${name.padEnd(10)} ${text}`;
}

/** Lets the camera send a picture each second until the end. */
async function play({ camera, nodeRed, page }: Stage, end: AbortController): Promise<void> {
  console.log(`\nOperator   ${page}\nEditor     ${nodeRed.url}\n`);
  console.log("Click on a part in the operator's picture. Ctrl+C ends the demo.");
  while (!end.signal.aborted) {
    await camera.send();
    await delay(1000, undefined, { signal: end.signal });
  }
}

/** Whether an engine works on this machine as it is. */
async function isThere(name: EngineName): Promise<boolean> {
  const dataDir = await mkdtemp(join(tmpdir(), "node-red-segment-engine-"));
  const engine = createEngine({ engine: name, workers: 1, dataDir });
  const { ready } = engine.health();
  await engine.close();
  await rm(dataDir, { recursive: true, force: true });
  return ready;
}

async function enginesFor(chosen: string | undefined): Promise<EngineName[]> {
  const names: EngineName[] = ["graphcut", "sam"];
  const wanted = names.filter((name) => chosen === undefined || chosen === name);
  if (wanted.length === 0) throw new Error(`There is no engine ${chosen ?? ""}: choose graphcut or sam.`);
  const there: EngineName[] = [];
  for (const name of wanted) {
    if (await isThere(name)) there.push(name);
    else console.log(row(name, "not installed"));
  }
  if (there.length === 0) throw new Error("No engine can be measured.");
  return there;
}

async function demo(once: boolean, chosen: string | undefined, end: AbortController): Promise<void> {
  const engines = await enginesFor(chosen);
  const chromium = chromiumPath();
  if (chromium === undefined) console.log("No Chromium found, so nothing is measured. CHROMIUM_PATH may name one.");
  console.log("The camera takes its pictures …\n");
  const pictures = await takePictures();
  for (const [index, engine] of engines.entries()) {
    await onStage(engine, pictures, end, async (stage) => {
      if (chromium !== undefined) await measure(engine, stage, chromium, once ? SHORT : LONG);
      if (!once && index === engines.length - 1) await play(stage, end);
    });
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { once: { type: "boolean", default: false }, engine: { type: "string" } },
  });
  const end = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => end.abort(new Interrupted("Interrupted.")));
  await demo(values.once, values.engine, end).catch((error: unknown) => {
    if (!(end.signal.reason instanceof Interrupted)) throw error;
  });
}

main().catch((error: unknown) => {
  console.error(`The demo failed. ${errorText(error)}`);
  process.exitCode = 1;
});
