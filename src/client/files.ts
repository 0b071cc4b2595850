import { z } from "zod";
import {
  createdFileSchema,
  downloadLinksSchema,
  fileRecordsSchema,
  preview,
  SegmentError,
  uploadLinksSchema,
  type CreatedFile,
  type CreateFile,
  type FileIdentity,
  type FileRecord,
  type InstanceId,
} from "../api";
import { cancelledError } from "./cancelled";
import type { ServiceHttp } from "./http";
import type { RetryDelays } from "./retry-delays";
import { SingleFlight } from "../async/single-flight";

/** A picture to send to the service. */
export interface Upload {
  bytes: Uint8Array;
  mimeType: CreateFile["mimeType"];
  /** A file name with the extension .jpeg, .jpg or .png. */
  name: string;
  /** Hex sha256 of the bytes, where it is known. */
  sha256?: string;
  /** The file of a data-modelling project that the bytes belong to; without it a file is created. */
  instanceId?: InstanceId;
}

/** A file of the service, and where its bytes go. */
interface UploadTarget {
  file: FileIdentity;
  uploadUrl: string;
}

interface Options {
  signal?: AbortSignal;
}

/** The file routes of the contract. */
export class FileRoutes {
  readonly #http: ServiceHttp;
  readonly #path: string;
  readonly #delays: RetryDelays;
  readonly #namesFiles: boolean;
  /** Uploads under way, by external id. */
  readonly #flights = new Map<string, SingleFlight<FileRecord>>();

  /** @param namesFiles see `ClientOptions` */
  constructor(http: ServiceHttp, project: string, delays: RetryDelays, namesFiles: boolean) {
    this.#http = http;
    this.#path = `/api/v1/projects/${encodeURIComponent(project)}/files`;
    this.#delays = delays;
    this.#namesFiles = namesFiles;
  }

  /** Creates a file or takes the named one, sends its bytes and waits until the service has registered them. */
  async upload(upload: Upload, { signal }: Options): Promise<FileRecord> {
    const { sha256, instanceId } = upload;
    const isNamed = this.#namesFiles && sha256 !== undefined && instanceId === undefined;
    return isNamed ? this.#uploadOnce(upload, `node-red-${sha256}`, signal) : this.#upload(upload, undefined, signal);
  }

  /**
   * Replacing a file removes its content for a while, and jobs on it would fail. So a file that exists is used as it is,
   * and uploads of the same picture at the same time share one.
   */
  async #uploadOnce(upload: Upload, externalId: string, signal = new AbortController().signal): Promise<FileRecord> {
    const flight = this.#flights.get(externalId) ?? this.#flightOf(upload, externalId);
    try {
      return await flight.run(signal);
    } catch (error) {
      throw signal.aborted ? cancelledError(`upload ${preview(upload.name)}`) : error;
    }
  }

  /** The upload of a picture that others can join, from its begin to its end. */
  #flightOf(upload: Upload, externalId: string): SingleFlight<FileRecord> {
    const flight = new SingleFlight<FileRecord>(async (signal) => {
      this.#flights.set(externalId, flight);
      try {
        const [known] = await this.#records([{ externalId }], true, signal);
        return known?.uploaded === true ? known : await this.#upload(upload, externalId, signal);
      } finally {
        this.#flights.delete(externalId);
      }
    });
    return flight;
  }

  async #upload(upload: Upload, externalId: string | undefined, signal: AbortSignal | undefined): Promise<FileRecord> {
    let { file, uploadUrl } = await this.#target(upload, externalId, signal);
    try {
      await this.#send(upload, uploadUrl, signal);
    } catch (error) {
      if (!(error instanceof SegmentError && error.code === "unreachable")) throw error;
      // The link can't be reached: a server that was restarted meanwhile may have another address, and gives a new link.
      ({ file, uploadUrl } = await this.#target(upload, externalId, signal));
      await this.#send(upload, uploadUrl, signal);
    }
    return this.#whenUploaded(file, signal);
  }

  async #target(
    upload: Upload,
    externalId: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<UploadTarget> {
    const { instanceId } = upload;
    if (instanceId !== undefined) {
      return { file: { instanceId }, uploadUrl: await this.#linkTo({ instanceId }, signal) };
    }
    const { id, uploadUrl } = await this.#create(upload, externalId, signal);
    return { file: { id }, uploadUrl };
  }

  async #linkTo(file: FileIdentity, signal: AbortSignal | undefined): Promise<string> {
    const doing = `upload ${nameOf([file])}`;
    const response = await this.#http.json(uploadLinksSchema, {
      method: "POST",
      to: { path: `${this.#path}/uploadlink` },
      body: { items: [file] },
      purpose: "sendImage",
      doing,
      missingAdvice: "Create the file in the data model first, with the space and external id of the message.",
      signal,
    });
    const [link] = response.data.items;
    if (link === undefined) throw new SegmentError("bad-answer", `The service gave no link to ${doing}.`);
    return link.uploadUrl;
  }

  async #create(
    { name, mimeType }: Upload,
    externalId: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<CreatedFile> {
    const body: CreateFile = { name, mimeType, externalId };
    const response = await this.#http.json(createdFileSchema, {
      method: "POST",
      to: { path: `${this.#path}${externalId === undefined ? "" : "?overwrite=true"}` },
      body,
      purpose: "sendImage",
      doing: `create the file ${preview(name)}`,
      signal,
    });
    return response.data;
  }

  async #send({ bytes, mimeType, name }: Upload, uploadUrl: string, signal: AbortSignal | undefined): Promise<void> {
    await this.#http.bytes({
      method: "PUT",
      to: { link: uploadUrl },
      body: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      headers: { "content-type": mimeType },
      purpose: "sendImage",
      doing: `upload the ${bytes.byteLength} bytes of ${preview(name)}`,
      signal,
    });
  }

  /** Some services take a while to see the bytes, and refuse jobs until then. */
  async #whenUploaded(file: FileIdentity, signal: AbortSignal | undefined): Promise<FileRecord> {
    const since = performance.now();
    for (;;) {
      const [record] = await this.#records([file], false, signal);
      if (record?.uploaded === true) return record;
      const age = performance.now() - since;
      if (age > this.#delays.uploadMs) break;
      const pause = Math.min(this.#delays.maxPollMs, Math.max(this.#delays.firstPollMs, age / 2));
      await this.#http.pause(pause, `wait for ${nameOf([file])}`, signal);
    }
    throw new SegmentError(
      "unreachable",
      `The service has not registered the bytes of ${nameOf([file])} within ${this.#delays.uploadMs / 1000} s. Try again.`,
    );
  }

  /** The records of up to 1000 files, in their order. */
  async #records(
    items: FileIdentity[],
    ignoreUnknownIds: boolean,
    signal: AbortSignal | undefined,
  ): Promise<FileRecord[]> {
    const response = await this.#http.json(fileRecordsSchema, {
      method: "POST",
      to: { path: `${this.#path}/byids` },
      body: { items, ignoreUnknownIds },
      purpose: "findFile",
      doing: `find ${nameOf(items)}`,
      signal,
    });
    return response.data.items;
  }

  /** The bytes of a file. */
  async download(file: FileIdentity, { signal }: Options): Promise<Buffer> {
    const doing = `download ${nameOf([file])}`;
    const response = await this.#http.json(downloadLinksSchema, {
      method: "POST",
      to: { path: `${this.#path}/downloadlink` },
      body: { items: [file] },
      purpose: "findFile",
      doing,
      signal,
    });
    const [link] = response.data.items;
    if (link === undefined) throw new SegmentError("bad-answer", `The service gave no link to ${doing}.`);
    return this.#http.bytes({ method: "GET", to: { link: link.downloadUrl }, purpose: "findFile", doing, signal });
  }

  /** Deletes up to 1000 files. */
  async delete(items: FileIdentity[], { signal }: Options): Promise<void> {
    await this.#http.json(z.unknown(), {
      method: "POST",
      to: { path: `${this.#path}/delete` },
      body: { items },
      purpose: "findFile",
      doing: `delete ${nameOf(items)}`,
      signal,
    });
  }
}

function nameOf(items: FileIdentity[]): string {
  const [first] = items;
  return items.length === 1 ? `the file ${preview(first)}` : `${items.length} files`;
}
