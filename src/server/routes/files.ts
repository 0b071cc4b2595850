import type { FastifyInstance } from "fastify";
import { z } from "zod";
import {
  createFileSchema,
  downloadLinksRequestSchema,
  filesByIdsSchema,
  type CreatedFile,
  type FileIdentity,
  type FileRecord,
} from "../../api";
import { fileAnswer } from "../answers";
import type { FileStore } from "../file-store";
import { filesOf } from "../file-references";
import { HttpError, parsePart } from "../http-error";
import type { Janitor } from "../janitor";
import { linkTo } from "./links";
import type { UrlSigner } from "../url-signer";

const UPLOAD_LINK_S = 3600;
const DOWNLOAD_LINK_S = 30;
const createQuerySchema = z.object({ overwrite: z.enum(["true", "false"]).optional() });

/** The routes of files' records, and those that give out links to their pictures. */
export function fileRoutes(app: FastifyInstance, files: FileStore, janitor: Janitor, signer: UrlSigner): void {
  const path = "/api/v1/projects/:project/files";

  app.post(path, async (request, reply): Promise<CreatedFile> => {
    const { overwrite } = parsePart(createQuerySchema, request.query, "query");
    const file = await files.create(parsePart(createFileSchema, request.body, "body"), overwrite === "true");
    reply.code(201);
    return { ...fileAnswer(file), uploadUrl: linkTo(request, signer, "PUT", file.id, UPLOAD_LINK_S) };
  });

  app.post(`${path}/byids`, (request): { items: FileRecord[] } => {
    const { items, ignoreUnknownIds } = parsePart(filesByIdsSchema, request.body, "body");
    return { items: filesOf(files, items, ignoreUnknownIds).map(fileAnswer) };
  });

  app.post(`${path}/downloadlink`, (request): { items: ({ downloadUrl: string } & FileIdentity)[] } => {
    const { items } = parsePart(downloadLinksRequestSchema, request.body, "body");
    const found = filesOf(files, items, false);
    const empty = found.filter((file) => file.sha256 === undefined).map(({ id }) => id);
    if (empty.length > 0) throw new HttpError(400, `Files without a picture: ${empty.join(", ")}`);
    return {
      items: items.map((identity, index) => ({
        ...identity,
        downloadUrl: linkTo(request, signer, "GET", found[index]?.id ?? 0, DOWNLOAD_LINK_S),
      })),
    };
  });

  app.post(`${path}/delete`, async (request): Promise<Record<string, never>> => {
    const { items, ignoreUnknownIds } = parsePart(filesByIdsSchema, request.body, "body");
    await janitor.removeFiles(filesOf(files, items, ignoreUnknownIds));
    return {};
  });
}
