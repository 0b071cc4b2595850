import http, { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import https, { type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { TLSSocket } from "node:tls";

export interface SeenRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** Common name of the certificate that the client showed; undefined without one. */
  client: string | undefined;
}
/** Responds to, or breaks, one request instead of the service. */
export type Fault = (request: SeenRequest, response: ServerResponse) => void;

interface NamedFile {
  id?: number;
  externalId?: string;
  instanceId?: { space: string; externalId: string };
}

interface ServedJob {
  jobId: number;
  status: string;
  createdTime: number;
  [field: string]: unknown;
}

/** A small HTTP server that speaks the contract, remembers every request, and fails on demand. */
export class ScriptedService {
  readonly requests: SeenRequest[] = [];
  /** Used up one by one, each by the next request whose path it matches. */
  readonly faults: { path: RegExp; fault: Fault }[] = [];
  readonly jobs = new Map<number, ServedJob>();
  readonly files = new Map<number, { bytes?: Buffer; polls: number }>();
  readonly externalIds = new Map<string, number>();
  /** Files of a data model by `space/externalId`. */
  readonly instances = new Map<string, number>();
  /** Origin of the upload links, if not this service. */
  uploadOrigin: string | undefined;
  /** Polls of a file until it counts as uploaded. */
  uploadPolls = 0;
  extensions = "";
  token: string | undefined;
  /** Called for each started job. */
  onStart: (job: ServedJob) => void = () => undefined;
  #nextId = 100;
  #held = new Set<() => void>();
  readonly #server: http.Server;
  readonly #scheme: string;

  private constructor(tls: ServerOptions | undefined) {
    const handle = (request: IncomingMessage, response: ServerResponse): void => void this.#handle(request, response);
    this.#server = tls === undefined ? http.createServer(handle) : https.createServer(tls, handle);
    this.#scheme = tls === undefined ? "http" : "https";
  }

  /** @param tls makes it an https server */
  static async start(tls?: ServerOptions): Promise<ScriptedService> {
    const service = new ScriptedService(tls);
    await new Promise<void>((resolve) => service.#server.listen(0, "127.0.0.1", resolve));
    return service;
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Paths of the requests so far, with their method. */
  get log(): string[] {
    return this.requests.map(({ method, path }) => `${method} ${path}`);
  }

  count(pattern: RegExp): number {
    return this.log.filter((line) => pattern.test(line)).length;
  }

  fail(path: RegExp, ...faults: Fault[]): void {
    this.faults.push(...faults.map((fault) => ({ path, fault })));
  }

  finish(jobId: number, fields: Record<string, unknown> = {}): void {
    const job = this.jobs.get(jobId);
    if (job === undefined) throw new Error(`no job ${jobId}`);
    this.jobs.set(jobId, { ...job, status: "Completed", items: [], statusTime: Date.now(), ...fields });
    this.#held.forEach((check) => check());
  }

  addInstance(space: string, externalId: string): number {
    const id = this.#nextId++;
    this.instances.set(`${space}/${externalId}`, id);
    this.files.set(id, { polls: 0 });
    return id;
  }

  addJob(): number {
    const jobId = this.#nextId++;
    this.jobs.set(jobId, { jobId, status: "Queued", createdTime: Date.now() });
    return jobId;
  }

  addFile(): number {
    const fileId = this.#nextId++;
    this.files.set(fileId, { polls: 0 });
    return fileId;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return; // the client gave up
    }
    const seen = {
      method: request.method ?? "",
      path: request.url ?? "",
      headers: request.headers,
      body: Buffer.concat(chunks),
      client: clientOf(request),
    };
    this.requests.push(seen);
    const index = this.faults.findIndex(({ path }) => path.test(`${seen.method} ${seen.path}`));
    const [scripted] = index < 0 ? [] : this.faults.splice(index, 1);
    if (scripted !== undefined) scripted.fault(seen, response);
    else if (this.#refuses(seen)) json(401, { error: { code: 401, message: "Unauthorized" } })(seen, response);
    else await this.#serve(seen, response);
  }

  #refuses({ headers, path }: SeenRequest): boolean {
    return this.token !== undefined && !path.startsWith("/raw/") && headers.authorization !== `Bearer ${this.token}`;
  }

  async #serve(seen: SeenRequest, response: ServerResponse): Promise<void> {
    const route = `${seen.method} ${seen.path.replace(/^\/api\/v1\/projects\/[^/]+/, "").replace(/\?.*/, "")}`;
    const jobId = /^GET \/context\/vision\/segment\/(\d+)$/.exec(route)?.[1];
    const fileId = /\/raw\/(\d+)/.exec(route)?.[1];
    if (route === "POST /context/vision/segment") this.#startJob(seen, response);
    else if (jobId !== undefined) this.#poll(Number(jobId), seen, response);
    else if (route === "POST /context/vision/segment/byids" && this.extensions !== "")
      await this.#byIds(seen, response);
    else if (fileId !== undefined) this.#raw(Number(fileId), seen, response);
    else if (route.startsWith("POST /files")) this.#fileRoute(route, seen, response);
    else json(404, { error: { code: 404, message: "no such route" } })(seen, response);
  }

  #startJob(seen: SeenRequest, response: ServerResponse): void {
    const job = this.jobs.get(this.addJob())!;
    json(200, { ...job, ...(JSON.parse(seen.body.toString()) as object) }, this.#extensionHeaders())(seen, response);
    this.onStart(job);
  }

  #extensionHeaders(): Record<string, string> {
    return this.extensions === "" ? {} : { "x-segment-extensions": this.extensions };
  }

  #poll(jobId: number, seen: SeenRequest, response: ServerResponse): void {
    const job = this.jobs.get(jobId);
    const held = this.extensions !== "" && seen.headers.prefer !== undefined;
    if (job === undefined) json(404, { error: { code: 404, message: `job ${jobId} not found` } })(seen, response);
    else json(200, job, held ? { "preference-applied": "wait" } : {})(seen, response);
  }

  async #byIds(seen: SeenRequest, response: ServerResponse): Promise<void> {
    const { jobIds } = JSON.parse(seen.body.toString()) as { jobIds: number[] };
    const seconds = Number(/wait=(\d+)/.exec(String(seen.headers.prefer))?.[1] ?? 0);
    const ended = (): boolean => jobIds.some((id) => !["Queued", "Running"].includes(this.jobs.get(id)?.status ?? ""));
    if (!ended()) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, seconds * 1000);
        const check = (): void => {
          if (ended()) done();
        };
        const held = this.#held;
        function done(): void {
          clearTimeout(timer);
          held.delete(check);
          resolve();
        }
        held.add(check);
        response.once("close", done);
      });
    }
    if (response.destroyed) return;
    const items = jobIds.map((id) => this.jobs.get(id)).filter((job) => job !== undefined);
    const unknownJobIds = jobIds.filter((id) => !this.jobs.has(id));
    json(200, { items, unknownJobIds }, { "preference-applied": "wait" })(seen, response);
  }

  #fileRoute(route: string, seen: SeenRequest, response: ServerResponse): void {
    const body = JSON.parse(seen.body.toString()) as NamedFile & { items?: NamedFile[]; ignoreUnknownIds?: boolean };
    if (route === "POST /files") {
      const id = this.externalIds.get(body.externalId ?? "") ?? this.#nextId++;
      if (body.externalId !== undefined) this.externalIds.set(body.externalId, id);
      this.files.set(id, { polls: 0 });
      json(200, { ...body, id, uploaded: false, uploadUrl: `${this.uploadOrigin ?? this.url}/raw/${id}` })(
        seen,
        response,
      );
      return;
    }
    const items = body.items ?? [];
    const ids = items.map((item) => this.#idOf(item));
    const known = ids.filter((id) => this.files.has(id));
    const missing = items.filter((item) => !this.files.has(this.#idOf(item)));
    if (missing.length > 0 && body.ignoreUnknownIds !== true) {
      json(400, { error: { code: 400, message: "ids not found", missing } })(seen, response);
    } else if (route === "POST /files/uploadlink") {
      json(200, { items: ids.map((id) => ({ id, uploadUrl: `${this.url}/raw/${id}` })) })(seen, response);
    } else if (route === "POST /files/byids") {
      const uploaded = (id: number): boolean => this.files.get(id)!.polls++ >= this.uploadPolls;
      json(200, { items: known.map((id) => ({ id, uploaded: uploaded(id) })) })(seen, response);
    } else if (route === "POST /files/downloadlink") {
      json(200, { items: ids.map((id) => ({ downloadUrl: `${this.uploadOrigin ?? this.url}/raw/${id}` })) })(
        seen,
        response,
      );
    } else if (route === "POST /files/delete") {
      ids.forEach((id) => this.files.delete(id));
      json(200, {})(seen, response);
    }
  }

  #idOf({ id, externalId = "", instanceId }: NamedFile): number {
    const named = instanceId === undefined ? this.externalIds.get(externalId) : undefined;
    return id ?? named ?? this.instances.get(`${instanceId?.space}/${instanceId?.externalId}`) ?? 0;
  }

  #raw(id: number, seen: SeenRequest, response: ServerResponse): void {
    if (seen.method === "PUT") this.files.set(id, { bytes: seen.body, polls: 0 });
    response.end(seen.method === "PUT" ? "" : this.files.get(id)?.bytes);
  }
}

function clientOf({ socket }: IncomingMessage): string | undefined {
  const subject: { CN?: string | string[] } | undefined =
    socket instanceof TLSSocket ? socket.getPeerCertificate().subject : undefined;
  return subject?.CN?.toString();
}

/** Responds with a status, a JSON body and headers. */
export function json(status: number, body: unknown, headers: Record<string, string> = {}): Fault {
  return (_request, response) => {
    response.writeHead(status, { "content-type": "application/json", "x-request-id": "req-7", ...headers });
    response.end(JSON.stringify(body));
  };
}

/** Responds with any text. */
export function text(status: number, type: string, body: string, headers: Record<string, string> = {}): Fault {
  return (_request, response) => {
    response.writeHead(status, { "content-type": type, ...headers });
    response.end(body);
  };
}

/** Never responds. */
export const hang: Fault = () => undefined;

/** Cuts the connection without a response. */
export const cut: Fault = (_request, response) => void response.socket?.destroy();

/** Sends the headers of a response and half of its body, then cuts the connection. */
export const cutHalfway: Fault = (_request, response) => {
  response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
  response.write('{"jobId": 1,', () => response.socket?.destroy());
};
