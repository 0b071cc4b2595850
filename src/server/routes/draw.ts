import { randomUUID } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { drawRequestSchema, type DrawRequest } from "../../api";
import { drawOverlay } from "../../engine";
import { Turns } from "../../store";
import type { FileCatalog } from "../file-catalog";
import { fileOf } from "../file-references";
import { HttpError, parsePart } from "../http-error";

/** A picture of 64 MB in base64, and segments. */
const MAX_BODY_BYTES = 96 * 1024 * 1024;

/** `POST /draw`: draws a result over its picture. `temporaryDir` holds pictures that came with the request. */
export function drawRoutes(app: FastifyInstance, files: FileCatalog, temporaryDir: string): void {
  // One at a time: a decoded picture can take 200 MB.
  const turns = new Turns();

  app.post("/draw", { bodyLimit: MAX_BODY_BYTES }, async (request, reply) => {
    const drawing = parsePart(drawRequestSchema, request.body, "body");
    const bytes = await turns.take("draw", () => draw(drawing, files, temporaryDir));
    return reply.type(`image/${drawing.format ?? "jpeg"}`).send(bytes);
  });
}

async function draw(
  { image, items, segments, points, boundingBox, format = "jpeg" }: DrawRequest,
  files: FileCatalog,
  temporaryDir: string,
): Promise<Buffer> {
  const prompt = { points, boundingBox };
  if (items !== undefined) {
    const file = fileOf(files, items[0]);
    if (file.sha256 === undefined) throw new HttpError(400, `File ${file.id} has no picture`);
    return drawOverlay({ file: files.picturePath(file.sha256), segments, prompt, format });
  }
  const path = join(temporaryDir, randomUUID());
  try {
    await writeFile(path, Buffer.from(image ?? "", "base64"));
    return await drawOverlay({ file: path, segments, prompt, format });
  } finally {
    await rm(path, { force: true });
  }
}
