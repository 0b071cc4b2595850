import type { ClientOptions, Network, SegmentClient } from "../../src/client";
import { dataDirOf, type ConfigCredentials, type ConfigDef } from "./config-def";
import { readNetwork } from "./network.lazy";
import { readSettings, type Settings } from "./settings.lazy";
import type { Host, RuntimeHost } from "../common/runtime-host";

/** A service that a config node has opened. */
export interface ServiceHandle {
  maxPending: number;
  /** Milliseconds for one request. */
  timeoutMs: number;
  /** Whether it draws pictures: only our own servers do. */
  draws: boolean;
  /** Whether it runs with these settings: an embedded server that is shared keeps the options with which it was started. */
  runsAsAsked: boolean;
  createClient(): Promise<SegmentClient>;
  /** To be called when the service is no longer used. An embedded server ends with its last user. */
  release(): void;
}

/**
 * Opens the service of a config node. The embedded server is started unless it is running; no request is sent to a remote
 * service yet.
 * @throws {SegmentError} `no-config` when the settings can't be used
 */
export async function openService(
  def: ConfigDef,
  credentials: ConfigCredentials,
  host: RuntimeHost,
): Promise<ServiceHandle> {
  const settings = readSettings(def, credentials);
  return settings.service === "embedded"
    ? openEmbedded(settings, dataDirOf(def, host.userDir), host)
    : openRemote(settings, readNetwork(def, host));
}

async function openEmbedded(settings: Settings, dataDir: string, { userDir, log }: Host): Promise<ServiceHandle> {
  const { EmbeddedServer } = await import("../../src/embedded/index.js");
  const { engine, keepHours, keepMegabytes, maxPending, timeout } = settings;
  const server = EmbeddedServer.acquire({ dataDir, engine, keepHours, keepMegabytes, userDir, log });
  return {
    maxPending,
    timeoutMs: timeout * 1000,
    draws: true,
    runsAsAsked: server.runsAsAsked,
    createClient: async () => {
      const { currentToken, SegmentClient } = await import("../../src/client/index.js");
      return new SegmentClient({
        ...clientOptions(settings),
        baseUrl: async (signal) => (await server.endpoint(signal)).url,
        tokens: currentToken(async (signal) => (await server.endpoint(signal)).token),
      });
    },
    release: () => server.release(),
  };
}

function openRemote(settings: Settings, network: Network): ServiceHandle {
  return {
    maxPending: settings.maxPending,
    timeoutMs: settings.timeout * 1000,
    draws: settings.service === "server",
    runsAsAsked: true,
    createClient: async () => {
      const { SegmentClient } = await import("../../src/client/index.js");
      return new SegmentClient({
        ...clientOptions(settings),
        baseUrl: () => Promise.resolve(settings.baseUrl),
        tokens: await tokensOf(settings, network),
        network,
        // Our own server keeps each picture once, and takes any number of jobs.
        ...(settings.service === "cdf" ? { namesFiles: true, maxJobs: settings.maxJobs } : {}),
      });
    },
    release: () => undefined,
  };
}

function clientOptions(settings: Settings): Omit<ClientOptions, "baseUrl" | "tokens"> {
  const { project, apiVersion, timeout, retries, concurrency } = settings;
  return { project, apiVersion, timeoutMs: timeout * 1000, retries, concurrency };
}

async function tokensOf(settings: Settings, network: Network): Promise<ClientOptions["tokens"]> {
  const { clientCredentials, noToken, staticToken } = await import("../../src/client/index.js");
  if (settings.auth === "none") return noToken();
  if (settings.auth === "token") return staticToken(settings.token);
  const { tokenUrl, clientId, clientSecret, scopes, audience, clientAuth, timeout, retries } = settings;
  return clientCredentials({
    tokenUrl,
    clientId,
    clientSecret,
    ...(scopes === "" ? {} : { scopes }),
    ...(audience === "" ? {} : { audience }),
    clientAuth,
    timeoutMs: timeout * 1000,
    retries,
    network,
  });
}
