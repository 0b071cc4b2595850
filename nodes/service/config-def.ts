import { join, resolve } from "node:path";
import type { NodeDef } from "node-red";

/** A config node as a flow holds it. All fields but `id` may be missing or hold anything that was typed. */
export interface ConfigDef extends NodeDef {
  service?: string;
  baseUrl?: string;
  cluster?: string;
  project?: string;
  apiVersion?: string;
  auth?: string;
  tokenUrl?: string;
  clientId?: string;
  scopes?: string;
  audience?: string;
  clientAuth?: string;
  timeout?: string | number;
  retries?: string | number;
  concurrency?: string | number;
  maxJobs?: string | number;
  maxPending?: string | number;
  /** Id of a `tls-config` node. */
  tls?: string;
  /** Id of an `http proxy` node. */
  proxy?: string;
  engine?: string;
  dataDir?: string;
  keepHours?: string | number;
  keepMegabytes?: string | number;
}

/** The secrets of a config node, which Node-RED keeps apart from the flow. */
export interface ConfigCredentials {
  clientSecret?: string;
  token?: string;
}

/** Numbers of the dialog: the least that is taken, and the value for an empty field. */
export const KEEP_HOURS = { fallback: 24, min: 0.1 };
export const KEEP_MEGABYTES = { fallback: 1024, min: 1 };
export const CONCURRENCY = { fallback: 8, min: 1 };

/**
 * How many requests a config node allows at once. Read without zod, which is not loaded when Node-RED starts; a value that
 * can't be used counts as the default, as the first message reports it.
 */
export function concurrencyOf({ concurrency }: ConfigDef): number {
  const count = Number(concurrency || CONCURRENCY.fallback);
  return Number.isInteger(count) && count >= CONCURRENCY.min ? count : CONCURRENCY.fallback;
}

/** Whether a config node leads to a service elsewhere; else to the embedded server. */
export function isRemote({ service }: ConfigDef): boolean {
  return service === "server" || service === "cdf";
}

/** Where the embedded server keeps its files: below Node-RED's user directory unless an absolute path is given. */
export function dataDirOf(def: ConfigDef, userDir: string): string {
  return def.dataDir ? resolve(userDir, def.dataDir) : join(userDir, "node-red-segment");
}

/** Address of a remote service, without a slash at its end; empty when nothing was filled in. */
export function baseUrlOf(def: ConfigDef): string {
  const fallback = def.service === "cdf" && def.cluster ? `https://${def.cluster.trim()}.cognitedata.com` : "";
  return (def.baseUrl ? def.baseUrl : fallback).trim().replace(/\/+$/, "");
}

/** Identity of a service: the same for all config nodes that lead to the same jobs and files. */
export function serviceIdentity(def: ConfigDef, userDir: string): string {
  if (isRemote(def)) {
    const address = baseUrlOf(def).replace(/\/\/[^/@]*@/, "//"); // messages carry it: never with a user or password
    return `${address}/api/v1/projects/${def.project ? def.project : "default"}`;
  }
  return def.dataDir ? `embedded ${dataDirOf(def, userDir)}` : "embedded";
}
