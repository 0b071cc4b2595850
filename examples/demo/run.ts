// npm run demo: a real Node-RED with the example flow on the embedded server, from a scratch user directory.
//   npm run demo             prints the editor's address and the first result, and stays until Ctrl+C
//   npm run demo -- --once   prints the first result, draws it to demo-output/overlay.png, and ends
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { errorText } from "../../src/api";
import { drawOverlay } from "../../src/engine";
import { aborted, linkPackage, startNodeRed, type Flow, type RunningNodeRed } from "../../tools/node-red";
import { readOutcome, resultOf, writeOutcomesTo, type Result } from "../../tools/outcome";

const EXAMPLE = join(__dirname, "..", "Segment one image.json");
const PICTURE = join(__dirname, "..", "..", "pictures", "coffee.jpg");
const OVERLAY = resolve("demo-output", "overlay.png");
/** From the start to the first result. A small gateway needs half a minute to load the model. */
const LIMIT_MS = 180_000;

/** Ctrl+C, or the request of another process to end. */
class Interrupted extends Error {}

async function demo(once: boolean, end: AbortController): Promise<void> {
  const timer = setTimeout(() => end.abort(new Error(`No result within ${LIMIT_MS / 1000} s.`)), LIMIT_MS);
  timer.unref();
  const home = await mkdtemp(join(tmpdir(), "node-red-segment-demo-"));
  let nodeRed: RunningNodeRed | undefined;
  try {
    await linkPackage(home);
    const outcomes = join(home, "outcome.json");
    const flow = writeOutcomesTo(outcomes, JSON.parse(await readFile(EXAMPLE, "utf8")) as Flow);
    nodeRed = await startNodeRed(home, flow, end.signal);
    nodeRed.crashed.catch((error: unknown) => end.abort(error));
    if (!once) console.log(`Editor     ${nodeRed.url}\n`);

    await nodeRed.inject(injectNode(flow));
    const outcome = await readOutcome(outcomes, end.signal);
    clearTimeout(timer);
    await report(resultOf(outcome));
    if (!once) {
      console.log("\nOpen the editor's address in a browser. Ctrl+C ends the demo.");
      await aborted(end.signal).catch(refuseUnlessInterrupted);
    }
  } finally {
    await nodeRed?.stop();
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

function refuseUnlessInterrupted(reason: unknown): void {
  if (!(reason instanceof Interrupted)) throw reason;
}

function injectNode(flow: Flow): string {
  const inject = flow.find(({ type }) => type === "inject");
  if (inject === undefined) throw new Error(`${EXAMPLE} has no inject node.`);
  return inject.id;
}

async function report({ job, segments, prompt, totalMs }: Result): Promise<void> {
  const vertices = segments.flatMap(({ polygons }) => polygons).flatMap((polygon) => polygon.vertices);
  const overlay = await drawOverlay({ file: PICTURE, segments, prompts: [prompt], format: "png" });
  await mkdir(join(OVERLAY, ".."), { recursive: true });
  await writeFile(OVERLAY, overlay);
  console.log(`Job        ${job.jobId}`);
  console.log(`Status     ${job.status}`);
  console.log(`Engine     ${job.engine?.name}`);
  console.log(`Score      ${Math.max(...segments.map(({ score }) => score)).toFixed(3)}`);
  console.log(`Vertices   ${vertices.length}`);
  console.log(`Time       ${Math.round(totalMs)} ms`);
  console.log(`Overlay    ${OVERLAY}`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { once: { type: "boolean", default: false } } });
  const end = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const)
    process.on(name, () => end.abort(new Interrupted("It was ended before the first result.")));
  await demo(values.once, end);
}

main().catch((error: unknown) => {
  console.error(`The demo failed. ${errorText(error)}`);
  process.exitCode = 1;
});
