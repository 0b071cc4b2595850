import { z } from "zod";

/** An id of a file or a job: an integer that a JavaScript number holds exactly. */
export const idSchema = z.number().int().positive().max(Number.MAX_SAFE_INTEGER);

/** The largest picture that our server accepts, in bytes. */
export const MAX_PICTURE_BYTES = 64 * 2 ** 20;

const externalIdSchema = z.string().min(1).max(255);
/** How a data-modelling project identifies a file. */
export const instanceIdSchema = z.strictObject({ space: z.string().min(1), externalId: z.string().min(1) });
export type InstanceId = z.infer<typeof instanceIdSchema>;

/** How a segment request identifies its file: by exactly one of the three. */
export const fileReferenceSchema = z.union(
  [
    z.strictObject({ fileId: idSchema }),
    z.strictObject({ fileExternalId: externalIdSchema }),
    z.strictObject({ fileInstanceId: instanceIdSchema }),
  ],
  { error: "must be exactly one of {fileId}, {fileExternalId}, {fileInstanceId: {space, externalId}}" },
);
export type FileReference = z.infer<typeof fileReferenceSchema>;

/** How the files routes identify a file: by exactly one of the three. */
export const fileIdentitySchema = z.union(
  [
    z.strictObject({ id: idSchema }),
    z.strictObject({ externalId: externalIdSchema }),
    z.strictObject({ instanceId: instanceIdSchema }),
  ],
  { error: "must be exactly one of {id}, {externalId}, {instanceId: {space, externalId}}" },
);
export type FileIdentity = z.infer<typeof fileIdentitySchema>;

/** The file of a segment request, in the form of the files routes. */
export function fileIdentityOf(reference: FileReference): FileIdentity {
  if ("fileId" in reference) return { id: reference.fileId };
  if ("fileExternalId" in reference) return { externalId: reference.fileExternalId };
  return { instanceId: reference.fileInstanceId };
}

/** The picture types that the service accepts. */
export const mimeTypeSchema = z.literal(["image/jpeg", "image/png"]);
export type MimeType = z.infer<typeof mimeTypeSchema>;

/** Body of `POST /files`. */
export const createFileSchema = z.strictObject({
  name: z.string().min(1).max(256),
  mimeType: mimeTypeSchema,
  externalId: externalIdSchema.optional(),
  directory: z.string().optional(),
  source: z.string().max(128).optional(),
  metadata: z.record(z.string(), z.string()).optional(),
  dataSetId: idSchema.optional(),
});
export type CreateFile = z.infer<typeof createFileSchema>;

/** A file's record in a service's response. Parsed leniently: only `id` is certain. */
export const fileRecordSchema = z.looseObject({
  id: idSchema,
  externalId: z.string().nullish(),
  instanceId: z.looseObject({ space: z.string(), externalId: z.string() }).nullish(),
  name: z.string().nullish(),
  mimeType: z.string().nullish(),
  uploaded: z.boolean().nullish(),
  createdTime: z.number().nullish(),
});
export type FileRecord = z.infer<typeof fileRecordSchema>;

/** Response of `POST /files`: the record and the URL to PUT the bytes to. Its host may differ, so it gets no token. */
export const createdFileSchema = fileRecordSchema.extend({ uploadUrl: z.string().min(1) });
export type CreatedFile = z.infer<typeof createdFileSchema>;

/** Response of `POST /files/uploadlink`: the URLs to PUT the bytes of existing files to. */
export const uploadLinksSchema = z.looseObject({ items: z.array(z.looseObject({ uploadUrl: z.string().min(1) })) });

/** Body of `POST /files/byids` and `POST /files/delete`. */
export const filesByIdsSchema = z.strictObject({
  items: z.array(fileIdentitySchema).min(1).max(1000),
  ignoreUnknownIds: z.boolean().optional(),
});
export type FilesByIds = z.infer<typeof filesByIdsSchema>;

/** Body of `POST /files/downloadlink`. */
export const downloadLinksRequestSchema = z.strictObject({ items: z.array(fileIdentitySchema).min(1).max(100) });

/** Response of `POST /files/byids`. */
export const fileRecordsSchema = z.looseObject({ items: z.array(fileRecordSchema) });

/** Response of `POST /files/downloadlink`. */
export const downloadLinksSchema = z.looseObject({ items: z.array(z.looseObject({ downloadUrl: z.string().min(1) })) });
