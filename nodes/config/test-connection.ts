import type { NodeAPI } from "node-red";
import type { Finding } from "../../src/client";
import { SegmentError } from "../../src/api/segment-error";
import { respond, Refusal, resolveEnv, type Request } from "../common/admin-route";
import { baseUrlOf, isRemote, type ConfigCredentials, type ConfigDef } from "../service/config-def";
import type { ServiceHandle } from "../service/open-service.lazy";

const TIME_LIMIT_MS = 30_000;
const OTHER_OPTIONS: Finding = {
  check: "server",
  problem:
    "The tested server of this data directory was started with other options (engine, keep). " +
    "Deploy and test again, and give all config nodes of this directory the same options.",
};
/** The editor's text in the field of a stored secret: the secret itself is never sent to it. */
const STORED = "__PWRD__";
/** The fields of the dialog that decide how the service is reached. */
const FIELDS = [
  ...["name", "service", "baseUrl", "cluster", "project", "apiVersion", "auth", "tokenUrl", "clientId", "scopes"],
  ...["audience", "clientAuth", "timeout", "concurrency", "tls", "proxy", "engine", "dataDir", "keepHours"],
  "keepMegabytes",
];

/** Opens the service of a config node, deployed or not. */
type Open = (def: ConfigDef, credentials: ConfigCredentials) => Promise<ServiceHandle>;

/**
 * Route for the dialog: tests the connection of the fields in the dialog, deployed or not. The response is `{findings}`, or
 * 400 with `{message}` when the fields can't be used.
 */
export function serveConnectionTest(RED: NodeAPI, open: Open): void {
  RED.httpAdmin.post("/segment-config/test", RED.auth.needsPermission("segment-config.write"), (request, response) =>
    respond(response, async () => {
      const { def, credentials } = await readDialog(RED, request);
      return { findings: await testConnection(open, def, credentials) };
    }),
  );
}

/** Tests a service once, without retries, for at most 30 s, and releases it. */
async function testConnection(open: Open, def: ConfigDef, credentials: ConfigCredentials): Promise<Finding[]> {
  const { checkService } = await import("../../src/client/index.js");
  const service = await open({ ...def, retries: 0 }, credentials).catch(refuse);
  try {
    const client = await service.createClient().catch(refuse);
    try {
      const findings = await checkService(client, {
        service: def.service === "server" || def.service === "cdf" ? def.service : "embedded",
        project: def.project || "default",
        hasProvider: def.auth === "oauth",
        signal: AbortSignal.timeout(TIME_LIMIT_MS),
      });
      const safe = findings.map((finding) => withoutSecrets(finding, credentials));
      return service.runsAsAsked ? safe : [...safe, OTHER_OPTIONS];
    } finally {
      client.close();
    }
  } finally {
    service.release();
  }
}

/** Turns settings that can't be used into a refusal, as the user can correct them. */
function refuse(error: unknown): never {
  throw error instanceof SegmentError && error.code === "no-config" ? new Refusal(400, error.message) : error;
}

/** A service may repeat a secret in its error message. */
function withoutSecrets(finding: Finding, { token = "", clientSecret = "" }: ConfigCredentials): Finding {
  const secrets = [token, clientSecret].filter((secret) => secret !== "");
  return { ...finding, problem: secrets.reduce((text, secret) => text?.replaceAll(secret, "…"), finding.problem) };
}

async function readDialog(RED: NodeAPI, request: Request): Promise<{ def: ConfigDef; credentials: ConfigCredentials }> {
  const { z } = await import("zod");
  const text = z.string().max(10_000);
  const schema = z.object({
    id: z.string().max(100),
    fields: z.partialRecord(z.enum(FIELDS), text),
    token: text.default(""),
    clientSecret: text.default(""),
  });
  const parsed = schema.safeParse(request.body);
  if (!parsed.success) throw new Refusal(400, `The dialog's fields can't be used: ${z.prettifyError(parsed.error)}`);
  const { id, fields, ...typed } = parsed.data;
  const def = definition(RED, id, fields);
  return { def, credentials: readSecret(RED, def, typed) };
}

/** A config node with these fields, its environment variables resolved. */
function definition(RED: NodeAPI, id: string, fields: Record<string, unknown>): ConfigDef {
  const resolved = Object.entries(fields).map(([name, value]) => [
    name,
    typeof value === "string" ? resolveEnv(RED, id, value.trim()) : value,
  ]);
  return { name: "", z: "", ...(Object.fromEntries(resolved) as object), id, type: "segment-config" };
}

/** The secret that these settings need: as typed, or as stored with the deployed node. */
function readSecret(RED: NodeAPI, def: ConfigDef, typed: Required<ConfigCredentials>): ConfigCredentials {
  const name = secretOf(def);
  if (name === undefined) return {};
  const value = typed[name] === STORED ? storedSecret(RED, def, name) : typed[name];
  return { [name]: resolveEnv(RED, def.id, value) };
}

function secretOf(def: ConfigDef): keyof ConfigCredentials | undefined {
  if (!isRemote(def)) return undefined;
  if (def.auth === "token") return "token";
  return def.auth === "oauth" ? "clientSecret" : undefined;
}

/**
 * A deployed secret. It is sent only to the deployed address. Otherwise anyone who may edit config nodes, but not read
 * secrets, could have it sent to a host of their own.
 */
function storedSecret(RED: NodeAPI, def: ConfigDef, name: keyof ConfigCredentials): string {
  const what = name === "token" ? "token" : "client secret";
  const deployed = deployedNode(RED, def.id);
  if (deployed === undefined)
    throw new Refusal(400, `The ${what} is not deployed yet: type it again, or deploy first.`);
  if (routeOf(definition(RED, def.id, { ...deployed })) !== routeOf(def)) {
    throw new Refusal(
      400,
      `The stored ${what} belongs to other addresses (service, token URL, TLS or proxy) than those typed here: ` +
        "type it again, or deploy first.",
    );
  }
  const credentials = RED.nodes.getCredentials(def.id) as ConfigCredentials | undefined;
  return credentials?.[name] ?? "";
}

function deployedNode(RED: NodeAPI, id: string): object | undefined {
  let found: object | undefined;
  RED.nodes.eachNode((node) => {
    if (node.id === id && node.type === "segment-config") found = node;
  });
  return found;
}

/** The hosts that a secret is sent to, and the TLS and proxy nodes on the way. */
function routeOf(def: ConfigDef & { tls?: unknown; proxy?: unknown }): string {
  const tokenOrigin = def.auth === "oauth" ? originOf(def.tokenUrl ?? "") : "";
  return JSON.stringify([originOf(baseUrlOf(def)), tokenOrigin, def.tls || "", def.proxy || ""]);
}

function originOf(address: string): string {
  return URL.canParse(address) ? new URL(address).origin : address;
}
