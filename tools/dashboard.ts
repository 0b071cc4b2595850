import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Flow } from "./node-red";

const EXAMPLE = join(__dirname, "..", "examples", "Dashboard 2", "MQTT camera to dashboard.json");
/** FlowFuse Dashboard 2. */
export const DASHBOARD = "@flowfuse/node-red-dashboard";

/** Settings with which Node-RED also loads the dashboard. */
export const WITH_DASHBOARD = { externalModules: { palette: { allowList: ["@visionjobs/*", DASHBOARD] } } };

/** Path of the operator's page below the root of Node-RED's HTTP nodes. */
export const OPERATOR_PAGE = "dashboard/camera";

/** Topic of the example's camera. */
export const CAMERA_TOPIC = "factory/camera1/image";

/** The example's flow with the broker's port. `changes` sets properties of nodes by their type. */
export async function cameraFlow(port: number, changes: Record<string, object> = {}): Promise<Flow> {
  const flow = JSON.parse(await readFile(EXAMPLE, "utf8")) as Flow;
  const all: Record<string, object> = {
    ...changes,
    "mqtt-broker": { broker: "127.0.0.1", port: String(port), ...changes["mqtt-broker"] },
  };
  return flow.map((node) => ({ ...node, ...all[node.type] }));
}
