import { z } from "zod";
import { describeIssues, SegmentError } from "../../src/api";
import type { Network, Proxy, TlsOptions } from "../../src/client";
import type { ConfigDef } from "./config-def";
import { percentDecoded } from "../common/percent-encoding";
import type { RuntimeHost } from "../common/runtime-host";

/** The parts of a core node `tls-config` that are used; its own method writes its options into an object. */
const tlsNodeSchema = z.object({
  valid: z.literal(true),
  addTLSOptions: z.custom<(options: object) => unknown>((value) => typeof value === "function"),
});
const pemSchema = z.union([z.string(), z.instanceof(Buffer)]);
const tlsOptionsSchema = z.object({
  ca: pemSchema.optional(),
  cert: pemSchema.optional(),
  key: pemSchema.optional(),
  passphrase: z.string().optional(),
  servername: z.string().optional(),
  ALPNProtocols: z.array(z.string()).optional(),
  rejectUnauthorized: z.boolean().optional(),
});

/** The parts of a core node `http proxy` that are used. */
const proxyNodeSchema = z.object({
  url: z.string().trim().min(1),
  noproxy: z.array(z.string()).nullish(),
  credentials: z.object({ username: z.string().optional(), password: z.string().optional() }).nullish(),
});

/**
 * Reads the nodes for TLS and proxy that a config node names.
 * @throws {SegmentError} `no-config` when one of them is missing or can't be used
 */
export function readNetwork(def: ConfigDef, host: RuntimeHost): Network {
  const fail = (reason: string): never => {
    throw new SegmentError("no-config", `Config node "${def.name || def.id}": ${reason}`);
  };
  return {
    ...(def.tls ? { tls: readTls(host.nodeOf(def.tls), fail) } : {}),
    ...(def.proxy ? { proxy: readProxy(host.nodeOf(def.proxy), fail) } : {}),
  };
}

type Fail = (reason: string) => never;

function readTls(node: unknown, fail: Fail): TlsOptions {
  const found = tlsNodeSchema.safeParse(node);
  if (!found.success)
    return fail("its TLS node is missing, disabled or can't read its certificates: open and check it");
  const parsed = tlsOptionsSchema.safeParse(found.data.addTLSOptions.call(node, {}));
  // Values are not repeated: one of them is a private key.
  return parsed.success ? parsed.data : fail(`its TLS node gives no TLS options: ${describeIssues(parsed.error, {})}`);
}

function readProxy(node: unknown, fail: Fail): Proxy {
  const parsed = proxyNodeSchema.safeParse(node);
  if (!parsed.success) return fail("its proxy node is missing, disabled or has no URL: open and check it");
  const { url: text, noproxy, credentials } = parsed.data;
  const withScheme = text.includes("://") ? text : `http://${text}`;
  if (!URL.canParse(withScheme)) return fail("the URL of its proxy node must be like http://192.168.0.2:3128");
  const url = new URL(withScheme);
  const user = credentials?.username || (percentDecoded(url.username) ?? url.username);
  const password = credentials?.password || (percentDecoded(url.password) ?? url.password);
  return { url, ...(user === "" ? {} : { auth: `${user}:${password}` }), exceptions: noproxy ?? [] };
}
