import { z } from "zod";
import { describeIssues, ENGINE_NAMES, SegmentError } from "../../src/api";
import {
  baseUrlOf,
  CONCURRENCY,
  KEEP_HOURS,
  KEEP_MEGABYTES,
  type ConfigCredentials,
  type ConfigDef,
} from "./config-def";
import { variableOf } from "../common/environment-variable";

/** Empty fields of a dialog, and fields that an older flow lacks, count as missing. */
const emptyAsMissing = (value: unknown): unknown => (value === "" || value === null ? undefined : value);

const number = (fallback: number, min: number) =>
  z.preprocess(emptyAsMissing, z.coerce.number().min(min).default(fallback));
const wholeNumber = (fallback: number, min: number) =>
  z.preprocess(emptyAsMissing, z.coerce.number().int().min(min).default(fallback));
/** The first option is the default. */
const choice = <const T extends readonly [string, ...string[]]>(...options: T) =>
  z.preprocess(emptyAsMissing, z.literal(options).default(options[0]));
const text = (fallback: string) => z.preprocess(emptyAsMissing, z.string().trim().default(fallback));

const settingsSchema = z.object({
  service: choice("embedded", "server", "cdf"),
  project: text("default"),
  apiVersion: text("beta"),
  auth: choice("none", "token", "oauth"),
  tokenUrl: text(""),
  clientId: text(""),
  scopes: text(""),
  audience: text(""),
  clientAuth: choice("post", "basic"),
  timeout: number(30, 0.1),
  retries: wholeNumber(5, 0),
  concurrency: wholeNumber(CONCURRENCY.fallback, CONCURRENCY.min),
  maxJobs: wholeNumber(16, 1),
  maxPending: wholeNumber(10000, 1),
  engine: choice(...ENGINE_NAMES),
  keepHours: number(KEEP_HOURS.fallback, KEEP_HOURS.min),
  keepMegabytes: number(KEEP_MEGABYTES.fallback, KEEP_MEGABYTES.min),
});

/** The settings of a config node, checked, with defaults for empty fields. Times in seconds and hours. */
export type Settings = z.infer<typeof settingsSchema> & { baseUrl: string; token: string; clientSecret: string };

/**
 * Reads a config node.
 * @throws {SegmentError} `no-config`, naming the config node, the field and what to fill in
 */
export function readSettings(def: ConfigDef, credentials: ConfigCredentials): Settings {
  const fail = (reason: string): never => {
    throw new SegmentError("no-config", `Config node "${def.name || def.id}": ${reason}`);
  };
  refuseUnsetVariable({ ...def, name: "" }, fail);
  const parsed = settingsSchema.safeParse(def);
  if (!parsed.success) return fail(describeIssues(parsed.error, def));

  const { token = "", clientSecret = "" } = credentials;
  const { auth } = parsed.data;
  refuseUnsetVariable({ ...(auth === "token" && { token }), ...(auth === "oauth" && { clientSecret }) }, fail);
  const settings = { ...parsed.data, baseUrl: baseUrlOf(def), token: token.trim(), clientSecret };
  const missing = missingField(settings);
  if (missing !== undefined) return fail(`${missing} is missing: open the config node and fill it in`);
  if (settings.service !== "embedded") checkBaseUrl(settings.baseUrl, fail);
  return settings;
}

/** A field that still names a variable: Node-RED found no value for it. */
function refuseUnsetVariable(fields: object, fail: (reason: string) => never): void {
  for (const [field, value] of Object.entries(fields) as [string, unknown][]) {
    const variable = variableOf(value);
    if (variable !== undefined) fail(`${field}: the environment variable ${variable} is not set`);
  }
}

function missingField(settings: Settings): string | undefined {
  if (settings.service === "embedded") return undefined;
  if (settings.baseUrl === "") return settings.service === "cdf" ? "the cluster" : "the base URL";
  if (settings.auth === "token" && settings.token === "") return "the token";
  if (settings.auth !== "oauth") return undefined;
  if (settings.tokenUrl === "") return "the token URL";
  if (settings.clientId === "") return "the client id";
  return settings.clientSecret === "" ? "the client secret" : undefined;
}

function checkBaseUrl(baseUrl: string, fail: (reason: string) => never): void {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  // The address itself is not repeated: someone may have put a secret into it.
  if (url === undefined || !/^https?:$/.test(url.protocol)) fail("the base URL must be like http://192.168.0.10:8020");
  else if (url.username !== "" || url.password !== "") {
    fail("the base URL must not hold a user or password, as it stands in flows and messages: use a token");
  }
}
