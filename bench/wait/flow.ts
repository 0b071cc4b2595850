import { z } from "zod";
import type { Flow } from "../../tools/node-red";
import type { ServiceProcess } from "./service-process";
import { timedRequest } from "./timed-jobs";

const SEGMENT_PATH = "/api/v1/projects/default/context/vision/segment";
/** How long the flow of core nodes waits before each poll, in seconds. */
export const POLL_SECONDS = 1;

/** The ways through Node-RED that are measured; each has its own URL. */
export const LANES = ["own", "plain", "wired"] as const;
export type Lane = (typeof LANES)[number];

const runSchema = z.object({
  /** From each job's end by the service's clock until its message left the last node, in ms. */
  delays: z.array(z.number()),
  errors: z.array(z.string()),
  /** Event loop delay in ms while the jobs ran. */
  loop: z.object({ p50: z.number(), p99: z.number(), max: z.number() }),
});
export type LaneRun = z.infer<typeof runSchema>;

/**
 * Starts one job for each request, `atOnce` at a time, and responds when the last one has ended. The same for all lanes,
 * so that its cost cancels out.
 */
const CONDUCTOR = `
const run = context.get("run");
if (msg.req) {
    const { requests, atOnce } = msg.payload;
    const loop = perf.monitorEventLoopDelay({ resolution: 1 });
    loop.enable();
    context.set("run", { req: msg.req, res: msg.res, waiting: requests.slice(atOnce), open: requests.length, delays: [], errors: [], loop });
    for (const payload of requests.slice(0, atOnce)) node.send([{ payload }, null]);
    return;
}
run.open -= 1;
if (msg.error) run.errors.push(msg.error.message);
else run.delays.push(Date.now() - msg.payload.statusTime);
const payload = run.waiting.shift();
if (payload) node.send([{ payload }, null]);
if (run.open > 0) return;
run.loop.disable();
const ms = (ns) => ns / 1e6;
const loop = { p50: ms(run.loop.percentile(50)), p99: ms(run.loop.percentile(99)), max: ms(run.loop.max) };
return [null, { req: run.req, res: run.res, payload: { delays: run.delays, errors: run.errors, loop } }];
`;

/** A flow with all lanes: two of our nodes at each of the services, and core nodes wired by hand at our own server. */
export function benchFlow(own: ServiceProcess, plain: ServiceProcess): Flow {
  const ours = (lane: Lane, { url }: ServiceProcess): Flow => [
    { id: `${lane}-config`, type: "segment-config", service: "server", baseUrl: url, project: "default" },
    ...conductor(lane, `${lane}-start`),
    node(`${lane}-start`, "segment-start", [[`${lane}-wait`]], { config: `${lane}-config` }),
    node(`${lane}-wait`, "segment-wait", [[lane], [lane]]),
  ];
  const request = { ret: "obj", paytoqs: "ignore", senderr: true };
  return [
    { id: "tab", type: "tab", label: "bench" },
    ...ours("own", own),
    ...ours("plain", plain),
    ...conductor("wired", "wired-post"),
    node("wired-post", "http request", [["wired-delay"]], {
      ...request,
      method: "POST",
      url: `${own.url}${SEGMENT_PATH}`,
    }),
    node("wired-delay", "delay", [["wired-get"]], {
      pauseType: "delay",
      timeout: POLL_SECONDS,
      timeoutUnits: "seconds",
    }),
    node("wired-get", "http request", [["wired-switch"]], {
      ...request,
      method: "GET",
      url: `${own.url}${SEGMENT_PATH}/{{{payload.jobId}}}`,
    }),
    node("wired-switch", "switch", [["wired"], ["wired"], ["wired-delay"]], {
      property: "payload.status",
      propertyType: "msg",
      rules: [{ t: "eq", v: "Completed", vt: "str" }, { t: "eq", v: "Failed", vt: "str" }, { t: "else" }],
      checkall: "false",
    }),
  ];
}

/** A lane's URL, its conductor, the response, and the node that catches its errors. */
function conductor(lane: Lane, first: string): Flow {
  return [
    node(`${lane}-in`, "http in", [[lane]], { url: `/bench/${lane}`, method: "post" }),
    node(lane, "function", [[first], [`${lane}-out`]], {
      func: CONDUCTOR,
      outputs: 2,
      libs: [{ var: "perf", module: "perf_hooks" }],
    }),
    node(`${lane}-out`, "http response", []),
    node(`${lane}-catch`, "catch", [[lane]], {
      scope: [`${lane}-start`, `${lane}-wait`, `${lane}-post`, `${lane}-get`],
    }),
  ];
}

function node(id: string, type: string, wires: string[][], properties: object = {}): Flow[number] {
  return { id, z: "tab", x: 0, y: 0, type, wires, ...properties };
}

/** Sends jobs of these lengths (ms) through a lane and waits until all have left it. */
export async function runLane(
  nodeRed: string,
  lane: Lane,
  fileId: number,
  durations: number[],
  atOnce = durations.length,
): Promise<LaneRun> {
  const requests = durations.map((ms) => timedRequest(fileId, ms));
  const response = await fetch(`${nodeRed}bench/${lane}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ requests, atOnce }),
  });
  return runSchema.parse(await response.json());
}
