import { errorText, SegmentError } from "../api";
import type { SegmentClient } from "./client";

/** What kind of service is looked at: the server of this package, here or elsewhere, or Cognite Data Fusion. */
export type ServiceKind = "embedded" | "server" | "cdf";

/** One thing that jobs need, and whether it is there. Holds no secret. */
export interface Finding {
  check: "token" | "project" | "server" | "segment";
  /** What is missing and what to do; absent when all is well. */
  problem?: string;
  /** What was found: the project's name; the server's version, engine and memory. */
  details?: Record<string, string | number>;
}

/** What is looked at, and what a look tells. It rejects when something is missing. */
type Look = [check: Finding["check"], look: () => Promise<Finding["details"]>];

export interface CheckOptions {
  service: ServiceKind;
  /** The project in the config node. */
  project: string;
  /** Whether the token is got from an identity provider. */
  hasProvider: boolean;
  signal: AbortSignal;
}

const NO_ANSWER = "There was no answer in time: check the address and the network, and try again.";
const RIGHT_ADVICE =
  "Jobs need the capability filesAcl:READ in this project: let an administrator give it to a group of this client.";

/**
 * Looks whether all that jobs need is there and allowed, one thing after the other, until one is missing that the
 * others need too. Never rejects.
 */
export async function checkService(client: SegmentClient, options: CheckOptions): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [check, look] of looksFor(client, options)) {
    try {
      findings.push({ check, details: await look() });
    } catch (error) {
      const timedOut = options.signal.aborted;
      findings.push({ check, problem: timedOut ? NO_ANSWER : errorText(error) });
      if (timedOut || check === "token" || isUnreachable(error)) break;
    }
  }
  return findings;
}

function looksFor(client: SegmentClient, { service, project, hasProvider, signal }: CheckOptions): Look[] {
  const token: Look = ["token", () => client.authorize(signal).then(() => undefined)];
  const server: Look = ["server", () => lookAtServer(client, signal)];
  const segment: Look = ["segment", () => lookForSegments(client, service, signal)];
  if (service === "embedded") return [server];
  const first =
    service === "cdf" ? (["project", () => lookForProject(client, project, signal)] satisfies Look) : server;
  return [...(hasProvider ? [token] : []), first, segment];
}

async function lookAtServer(client: SegmentClient, signal: AbortSignal): Promise<Finding["details"]> {
  const { version, engine, memory } = await client.health({ signal });
  if (!engine.ready) {
    const reason = engine.reason ?? "the server's own log says why";
    throw new SegmentError("not-available", `The server ${version} runs, but its engine is not ready: ${reason}`);
  }
  const megabytes = memory == null ? "?" : Math.round(memory.rss / 1e6);
  return { version, engine: engine.name, megabytes };
}

async function lookForProject(
  client: SegmentClient,
  project: string,
  signal: AbortSignal,
): Promise<Finding["details"]> {
  const { projects } = await client.inspectToken({ signal });
  const names = (projects ?? []).map(({ projectUrlName }) => projectUrlName ?? "").filter((name) => name !== "");
  if (names.includes(project)) return { project };
  const known = names.length === 0 ? "no project at all" : `only: ${names.join(", ")}`;
  throw new SegmentError(
    "unauthorized",
    `The token does not reach the project ${JSON.stringify(project)}. It reaches ${known}. ` +
      "Check the project, or let an administrator add a group of this client to it.",
  );
}

/** A service that lets us start jobs refuses one without a file, and says so. */
async function lookForSegments(client: SegmentClient, service: ServiceKind, signal: AbortSignal): Promise<undefined> {
  try {
    await client.probeSegments({ signal });
  } catch (error) {
    if (!(error instanceof SegmentError)) throw error;
    if (error.code === "invalid-prompt" || error.code === "file-not-found") return undefined;
    throw error.code === "unauthorized" && service === "cdf" ? error.adding(RIGHT_ADVICE) : error;
  }
  return undefined;
}

function isUnreachable(error: unknown): boolean {
  return error instanceof SegmentError && error.code === "unreachable";
}
