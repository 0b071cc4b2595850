import type { NodeAPI } from "node-red";
import type { SamStatus } from "../../src/api";
import { installSam, samInstallation, samStatus, type SamInstallation } from "../../src/embedded";
import { respond, Refusal, resolveEnv, type Request } from "../common/admin-route";
import { dataDirOf } from "../service/config-def";
import type { Host } from "../common/runtime-host";

/** The state of the sam engine, for the dialog of a config node. */
interface SamState {
  /** Whether this Node-RED may install packages. */
  allowed: boolean;
  /** The last installation since Node-RED started. */
  installation?: SamInstallation;
  /** What is installed and what can be; missing while an installation runs. */
  status?: SamStatus;
}

/**
 * Routes for the dialog: whether the sam engine is installed for the data directory in the dialog, deployed or not, and its
 * installation. Any folder may be named: a user who may write a config node can also deploy one with that folder, and the
 * embedded server then creates files there. The packages to install are fixed, so nobody can install others.
 */
export function serveSamInstall(RED: NodeAPI, host: Host): void {
  const stateOf = async (dataDir: string): Promise<SamState> => {
    const installation = samInstallation(dataDir);
    const allowed = mayInstall(RED.settings);
    if (installation?.state === "running") return { allowed, installation };
    return { allowed, installation, status: await samStatus(dataDir, host.userDir) };
  };

  // Reading also needs write permission: the caller names the folder, and variables in its name are resolved.
  RED.httpAdmin.get("/segment-config/sam", RED.auth.needsPermission("segment-config.write"), (request, response) =>
    respond(response, async () => stateOf(await readDataDir(RED, host, request))),
  );
  RED.httpAdmin.post("/segment-config/sam", RED.auth.needsPermission("segment-config.write"), (request, response) =>
    respond(response, async () => {
      if (!mayInstall(RED.settings)) {
        throw new Refusal(403, "The settings of this Node-RED do not allow to install packages (externalModules).");
      }
      const dataDir = await readDataDir(RED, host, request);
      installSam(dataDir, host.log);
      return stateOf(dataDir);
    }),
  );
}

/**
 * Whether the settings of Node-RED allow it to install packages: nodes of the palette, by the current and the former name
 * of that setting, and modules for nodes.
 */
function mayInstall(settings: object): boolean {
  const forbidden = ["externalModules.palette.allowInstall", "externalModules.modules.allowInstall"];
  return ![...forbidden, "editorTheme.palette.editable"].some((path) => valueAt(settings, path) === false);
}

function valueAt(settings: object, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>(
      (value, name) =>
        typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined,
      settings,
    );
}

/** The data directory of a request, from the query `?dataDir=…&id=…` or the same fields as JSON. */
async function readDataDir(RED: NodeAPI, { userDir }: Host, request: Request): Promise<string> {
  const { z } = await import("zod");
  const schema = z.object({
    dataDir: z
      .string()
      .max(4096)
      .refine((path) => !path.includes("\0"), "must be a path")
      .default(""),
    id: z.string().max(100).default(""),
  });
  const parsed = schema.safeParse(request.method === "GET" ? request.query : request.body);
  if (!parsed.success) throw new Refusal(400, `The data folder can't be used: ${z.prettifyError(parsed.error)}`);
  const { dataDir, id } = parsed.data;
  return dataDirOf({ id, type: "segment-config", name: "", z: "", dataDir: resolveEnv(RED, id, dataDir) }, userDir);
}
