import { randomUUID } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { KeyedMutex } from "../../async/keyed-mutex";
import { drawRequestSchema, type DrawRequest } from "../../api";
import { drawMask, drawOverlay } from "../../engine";
import type { FileStore } from "../file-store";
import { fileOf } from "../file-references";
import { HttpError } from "../http-error";
import { addRoute } from "../route";

/** A picture of 64 MB in base64, and segments. */
const MAX_BODY_BYTES = 96 * 1024 * 1024;

/** `POST /draw`: draws a result over its picture. `temporaryDir` holds pictures that were sent in the request. */
export function drawRoutes(app: FastifyInstance, files: FileStore, temporaryDir: string): void {
  // One at a time: a decoded picture can take 200 MB.
  const mutex = new KeyedMutex();

  addRoute(app, {
    method: "POST",
    url: "/draw",
    bodyLimit: MAX_BODY_BYTES,
    operation: {
      summary: "Draw segments and prompts over a picture, or their mask",
      body: drawRequestSchema,
      response: ["image/jpeg", "image/png"],
    },
    handler: async ({ body }, _request, reply) => {
      const bytes = await mutex.run("draw", () => draw(body, files, temporaryDir));
      const format = body.mask === undefined ? (body.format ?? "jpeg") : "png";
      return reply.type(`image/${format}`).send(bytes);
    },
  });
}

async function draw(
  { image, items, mask, segments, prompts, format = "jpeg" }: DrawRequest,
  files: FileStore,
  temporaryDir: string,
): Promise<Buffer> {
  if (mask !== undefined) return drawMask(mask, segments);
  const drawing = { segments, prompts, format };
  if (items !== undefined) {
    const file = fileOf(files, items[0]);
    if (file.sha256 === undefined) throw new HttpError(400, `File ${file.id} has no picture`);
    return drawOverlay({ file: files.picturePath(file.sha256), ...drawing });
  }
  const path = join(temporaryDir, randomUUID());
  try {
    // The system may have removed the folder after days without use.
    await mkdir(temporaryDir, { recursive: true, mode: 0o700 });
    await writeFile(path, Buffer.from(image ?? "", "base64"));
    return await drawOverlay({ file: path, ...drawing });
  } finally {
    await rm(path, { force: true });
  }
}
