import type { FastifyInstance } from "fastify";
import { z } from "zod";
import {
  createdFileSchema,
  createFileSchema,
  downloadLinksRequestSchema,
  downloadLinksSchema,
  fileRecordsSchema,
  filesByIdsSchema,
} from "../../api";
import { fileResponse } from "../responses";
import { filesOf } from "../file-references";
import type { FileStore } from "../file-store";
import { HttpError } from "../http-error";
import type { Janitor } from "../janitor";
import { addRoute } from "../route";
import type { UrlSigner } from "../url-signer";
import { linkTo } from "./links";

const PATH = "/api/v1/projects/:project/files";
const UPLOAD_LINK_S = 3600;
const DOWNLOAD_LINK_S = 30;

const params = z.object({ project: z.string() });
const createQuerySchema = z.object({ overwrite: z.enum(["true", "false"]).optional() });

/** The routes of file records and of the links to their pictures. */
export function fileRoutes(app: FastifyInstance, files: FileStore, janitor: Janitor, signer: UrlSigner): void {
  addRoute(app, {
    method: "POST",
    url: PATH,
    operation: {
      summary: "Create a file and get the link to PUT its picture to",
      params,
      query: createQuerySchema,
      body: createFileSchema,
      response: createdFileSchema,
      status: 201,
    },
    handler: async ({ query, body }, request) => {
      const file = await files.create(body, query.overwrite === "true");
      return { ...fileResponse(file), uploadUrl: linkTo(request, signer, "PUT", file.id, UPLOAD_LINK_S) };
    },
  });

  addRoute(app, {
    method: "POST",
    url: `${PATH}/byids`,
    operation: { summary: "Get files", params, body: filesByIdsSchema, response: fileRecordsSchema },
    handler: ({ body }) => ({ items: filesOf(files, body.items, body.ignoreUnknownIds).map(fileResponse) }),
  });

  addRoute(app, {
    method: "POST",
    url: `${PATH}/downloadlink`,
    operation: {
      summary: `Get links to the pictures of files that work for ${DOWNLOAD_LINK_S} s`,
      params,
      body: downloadLinksRequestSchema,
      response: downloadLinksSchema,
    },
    handler: ({ body: { items } }, request) => {
      const found = filesOf(files, items, false);
      const empty = found.filter((file) => file.sha256 === undefined).map(({ id }) => id);
      if (empty.length > 0) throw new HttpError(400, `Files without a picture: ${empty.join(", ")}`);
      return {
        items: items.map((identity, index) => ({
          ...identity,
          downloadUrl: linkTo(request, signer, "GET", found[index]?.id ?? 0, DOWNLOAD_LINK_S),
        })),
      };
    },
  });

  addRoute(app, {
    method: "POST",
    url: `${PATH}/delete`,
    operation: { summary: "Delete files", params, body: filesByIdsSchema, response: z.strictObject({}) },
    handler: async ({ body }) => {
      await janitor.removeFiles(filesOf(files, body.items, body.ignoreUnknownIds));
      return {};
    },
  });
}
