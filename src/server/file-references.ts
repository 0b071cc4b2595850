import { fileIdentityOf, type FileIdentity, type FileReference } from "../api";
import type { FileStore, StoredFile } from "./file-store";
import { unknownFiles } from "./http-error";

/** The file that a segment or draw request names. @throws {HttpError} 400 when it is unknown */
export function fileOf(files: FileStore, reference: FileReference): StoredFile {
  const file = files.find(fileIdentityOf(reference));
  if (file === undefined) throw unknownFiles([reference]);
  return file;
}

/** The files of a list. @throws {HttpError} 400 that names all unknown ones, unless `ignoreUnknown` is true */
export function filesOf(
  files: FileStore,
  identities: readonly FileIdentity[],
  ignoreUnknown: boolean | undefined,
): StoredFile[] {
  const missing = identities.filter((identity) => files.find(identity) === undefined);
  if (missing.length > 0 && ignoreUnknown !== true) throw unknownFiles(missing);
  return identities.flatMap((identity) => files.find(identity) ?? []);
}
