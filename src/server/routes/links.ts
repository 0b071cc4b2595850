import { createReadStream } from "node:fs";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { MAX_PICTURE_BYTES } from "../../api";
import type { FileStore } from "../file-store";
import { HttpError, parsePart } from "../http-error";
import type { Janitor } from "../janitor";
import { addRoute } from "../route";
import type { LinkMethod, UrlSigner } from "../url-signer";

const PATH = "/pictures/:fileId";
const PICTURES = ["image/jpeg", "image/png"];

const params = z.object({ fileId: z.coerce.number().int().positive() });
const query = z.object({ expires: z.coerce.number().int(), signature: z.string() });

/** A signed link to a file's picture on this server, at the address that the client used to reach it. */
export function linkTo(
  request: FastifyRequest,
  signer: UrlSigner,
  method: LinkMethod,
  fileId: number,
  seconds: number,
): string {
  const path = PATH.replace(":fileId", String(fileId));
  return `${request.protocol}://${request.host}${path}?${signer.sign(method, fileId, seconds)}`;
}

/** The routes of the signed links. A plugin, because their bodies are bytes of any content type. */
export function linkRoutes(files: FileStore, janitor: Janitor, signer: UrlSigner) {
  return (app: FastifyInstance, _options: object, done: () => void): void => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));

    // Before the body is read, so that only a holder of a signed link can make the server read 64 MB.
    app.addHook("onRequest", (request, _reply, done) => {
      verifyLink(request, signer);
      const fileId = fileIdOf(request);
      done(files.find({ id: fileId }) === undefined ? unknownFile(fileId) : undefined);
    });

    addRoute(app, {
      method: "PUT",
      url: PATH,
      open: true,
      bodyLimit: MAX_PICTURE_BYTES,
      operation: { summary: "Upload the picture of a file by its link", params, query, body: PICTURES },
      handler: async ({ params: { fileId } }, request, reply) => {
        const bytes = z.instanceof(Buffer).catch(Buffer.alloc(0)).parse(request.body);
        const file = await files.upload(fileId, bytes);
        if (file === undefined) throw unknownFile(fileId);
        janitor.noticeUpload();
        return reply.code(200).send();
      },
    });

    addRoute(app, {
      method: "GET",
      url: PATH,
      open: true,
      operation: { summary: "Download the picture of a file by its link", params, query, response: PICTURES },
      handler: ({ params: { fileId } }, _request, reply) => {
        const file = files.find({ id: fileId });
        if (file?.sha256 === undefined) throw new HttpError(404, `File ${fileId} has no picture on this server`);
        return reply
          .type(file.mimeType)
          .headers({ "content-length": files.pictureBytes(file.sha256), "x-content-type-options": "nosniff" })
          .send(createReadStream(files.picturePath(file.sha256)));
      },
    });
    done();
  };
}

/** Checks a link's signature. @throws {HttpError} 403 */
function verifyLink(request: FastifyRequest, signer: UrlSigner): void {
  const link = query.safeParse(request.query);
  if (!link.success) throw new HttpError(403, "The link has no signature");
  signer.verify(request.method === "PUT" ? "PUT" : "GET", fileIdOf(request), link.data);
}

function fileIdOf(request: FastifyRequest): number {
  return parsePart(params, request.params, "path").fileId;
}

function unknownFile(fileId: number): HttpError {
  return new HttpError(404, `File ${fileId} does not exist on this server`);
}
