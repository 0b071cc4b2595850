import { ENGINE_NAMES } from "../../src/api/engine-names";
import { EmbeddedServer } from "../../src/embedded";
import { dataDirOf, isRemote, KEEP_HOURS, KEEP_MEGABYTES, type ConfigDef } from "../service/config-def";
import { variableOf } from "../common/environment-variable";
import type { Host } from "../common/runtime-host";

/**
 * Starts the embedded server of a config node at deploy, so that it is warm before the first message. The settings are
 * read without zod, which is not loaded when Node-RED starts. If one of them can't be used nothing is started: the first
 * message checks all of them and reports the error.
 * @returns a share of the server, beside the one that the first message acquires
 */
export function warmUp(def: ConfigDef, { userDir, log }: Host): EmbeddedServer | undefined {
  if (isRemote(def)) return undefined;
  const engine = ENGINE_NAMES.find((name) => name === (def.engine || ENGINE_NAMES[0]));
  const keepHours = Number(def.keepHours || KEEP_HOURS.fallback);
  const keepMegabytes = Number(def.keepMegabytes || KEEP_MEGABYTES.fallback);
  const areValid = keepHours >= KEEP_HOURS.min && keepMegabytes >= KEEP_MEGABYTES.min;
  if (engine === undefined || !areValid || variableOf(def.dataDir) !== undefined) return undefined;
  return EmbeddedServer.acquire({ dataDir: dataDirOf(def, userDir), engine, keepHours, keepMegabytes, userDir, log });
}
