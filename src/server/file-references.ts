import type { FileIdentity, FileReference } from "../api";
import type { FileCatalog, StoredFile } from "./file-catalog";
import { unknownFiles } from "./http-error";

/** The file that a segment or draw request names. @throws {HttpError} 400 when it is unknown */
export function fileOf(files: FileCatalog, reference: FileReference): StoredFile {
  const file = files.find(identityOf(reference));
  if (file === undefined) throw unknownFiles([reference]);
  return file;
}

/** The files of a list. @throws {HttpError} 400 that names all unknown ones, unless they are to be left out */
export function filesOf(
  files: FileCatalog,
  identities: readonly FileIdentity[],
  ignoreUnknown: boolean | undefined,
): StoredFile[] {
  const missing = identities.filter((identity) => files.find(identity) === undefined);
  if (missing.length > 0 && ignoreUnknown !== true) throw unknownFiles(missing);
  return identities.flatMap((identity) => files.find(identity) ?? []);
}

function identityOf(reference: FileReference): FileIdentity {
  if ("fileId" in reference) return { id: reference.fileId };
  if ("fileExternalId" in reference) return { externalId: reference.fileExternalId };
  return { instanceId: reference.fileInstanceId };
}
