import { fileReferenceSchema, idSchema, instanceIdSchema, type FileReference } from "../api";
import { invalidPrompt, isAbsent } from "./fields";

/**
 * Reads the file or files of a message.
 * A number is a file id, text is an external id, `{space, externalId}` an instance id; the contract's own forms
 * `{fileId}`, `{fileExternalId}`, `{fileInstanceId}` are taken as they are. One of them or an array.
 * @throws {SegmentError} `invalid-prompt`, also when there is none
 */
export function fileReferences(value: unknown): FileReference[] {
  if (isAbsent(value)) throw invalidPrompt("file", "there is none: give a file id, an external id or an instance id");
  if (!Array.isArray(value)) return [fileReference("file", value)];
  if (value.length === 0) throw invalidPrompt("file", "the list of files is empty");
  return value.map((item: unknown, index) => fileReference(`file[${index}]`, item));
}

function fileReference(field: string, value: unknown): FileReference {
  const parsed = fileReferenceSchema.safeParse(inContractForm(value));
  if (parsed.success) return parsed.data;
  if (typeof value === "number" && !idSchema.safeParse(value).success) {
    throw invalidPrompt(field, "a file id must be a positive whole number that a JSON number holds exactly", value);
  }
  throw invalidPrompt(
    field,
    "must be a number (file id), text (external id, 1 to 255 characters), {space, externalId}, " +
      "or exactly one of {fileId}, {fileExternalId}, {fileInstanceId}",
    value,
  );
}

function inContractForm(value: unknown): unknown {
  if (typeof value === "number") return { fileId: value };
  if (typeof value === "string") return { fileExternalId: value };
  const hasSpace = typeof value === "object" && value !== null && "space" in value;
  return hasSpace && instanceIdSchema.safeParse(value).success ? { fileInstanceId: value } : value;
}
