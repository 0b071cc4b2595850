import { errorText, SegmentError } from "../api";
import type { SegmentClient } from "./client";

/** The kind of a service: the server of this package, embedded or elsewhere, or Cognite Data Fusion. */
export type ServiceKind = "embedded" | "server" | "cdf";

/** Whether one thing that jobs need is available. Holds no secret. */
export interface Finding {
  check: "token" | "project" | "server" | "segment";
  /** What is missing and what to do; undefined when nothing is. */
  problem?: string;
  /** The project's name; the server's version, engine and memory. */
  details?: Record<string, string | number>;
}

/** One check and how it is made. It rejects when something is missing. */
type Check = [name: Finding["check"], run: () => Promise<Finding["details"]>];

export interface CheckOptions {
  service: ServiceKind;
  /** The project in the config node. */
  project: string;
  /** Whether an identity provider gives the token. */
  hasProvider: boolean;
  signal: AbortSignal;
}

const NO_RESPONSE = "There was no answer in time: check the address and the network, and try again.";
const RIGHT_ADVICE =
  "Jobs need the capability filesAcl:READ in this project: let an administrator give it to a group of this client.";

/**
 * Checks whether everything that jobs need is available and allowed, one thing after the other. Ends at one that is
 * missing and that the others need, too. Never rejects.
 */
export async function checkService(client: SegmentClient, options: CheckOptions): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [check, run] of checksFor(client, options)) {
    try {
      findings.push({ check, details: await run() });
    } catch (error) {
      const timedOut = options.signal.aborted;
      findings.push({ check, problem: timedOut ? NO_RESPONSE : errorText(error) });
      if (timedOut || check === "token" || isUnreachable(error)) break;
    }
  }
  return findings;
}

function checksFor(client: SegmentClient, { service, project, hasProvider, signal }: CheckOptions): Check[] {
  const token: Check = ["token", () => client.authorize(signal).then(() => undefined)];
  const server: Check = ["server", () => checkServer(client, signal)];
  const segment: Check = ["segment", () => checkSegments(client, service, signal)];
  if (service === "embedded") return [server];
  const first = service === "cdf" ? (["project", () => checkProject(client, project, signal)] satisfies Check) : server;
  return [...(hasProvider ? [token] : []), first, segment];
}

async function checkServer(client: SegmentClient, signal: AbortSignal): Promise<Finding["details"]> {
  const { version, engine, memory } = await client.health({ signal });
  if (!engine.ready) {
    const reason = engine.reason ?? "the server's own log says why";
    throw new SegmentError("not-available", `The server ${version} runs, but its engine is not ready: ${reason}`);
  }
  const megabytes = memory == null ? "?" : Math.round(memory.rss / 1e6);
  return { version, engine: engine.name, megabytes };
}

async function checkProject(client: SegmentClient, project: string, signal: AbortSignal): Promise<Finding["details"]> {
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
async function checkSegments(client: SegmentClient, service: ServiceKind, signal: AbortSignal): Promise<undefined> {
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
