import type { NodeAPI } from "node-red";
import type { SamStatus } from "../../src/api";
import { installSam, samInstallation, samStatus, type SamInstallation } from "../../src/embedded";
import { respond, Refusal, resolveEnv, type Request } from "../common/admin-route";
import { dataDirOf } from "../service/config-def";
import type { Host } from "../common/runtime-host";

/** What the dialog of a config node shows about the sam engine. */
interface SamState {
  /** Whether this Node-RED may install packages. */
  allowed: boolean;
  /** The last installation since Node-RED's start. */
  installation?: SamInstallation;
  /** What is installed and what could be; missing while an installation runs. */
  status?: SamStatus;
}

/**
 * Lets the dialog see whether the sam engine is installed for the data directory that is typed there, deployed or not,
 * and install it. Any folder may be named: who may write a config node may as well deploy one with that folder, where
 * the embedded server then makes files; and what is installed is fixed, so nobody can bring packages of his own.
 */
export function serveSamInstall(RED: NodeAPI, host: Host): void {
  const stateOf = async (dataDir: string): Promise<SamState> => {
    const installation = samInstallation(dataDir);
    const allowed = mayInstall(RED.settings);
    if (installation?.state === "running") return { allowed, installation };
    return { allowed, installation, status: await samStatus(dataDir, host.userDir) };
  };

  // Also to look wants the right to write: a folder is named by who looks, and variables in its name are resolved.
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
 * Whether this Node-RED may install packages: those of its palette, by the present and the former name of that setting,
 * and modules that nodes ask for.
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

/** The data directory of a request: a query `?dataDir=…&id=…`, or the same as JSON. */
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
