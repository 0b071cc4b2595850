import { createHash } from "node:crypto";
import { deserialize, serialize } from "node:v8";

/** The first bytes of each record. */
export const RECORD_MAGIC = Buffer.from("NRSEG\x01", "latin1"); // the last byte is the version of this form
const CHECKSUM_BYTES = 32;

/** The bytes of a record's file: magic with version, sha256 of what follows, `v8.serialize([key, value])`. */
export function encodeRecord(key: string, value: unknown): Buffer {
  const content = serialize([key, value]);
  return Buffer.concat([RECORD_MAGIC, checksum(content), content]);
}

/**
 * Reads the bytes of a record's file.
 * @returns the key and the value as they were written, not validated
 * @throws {Error} if the bytes are not a whole record of this version
 */
export function decodeRecord(bytes: Buffer): [unknown, unknown] {
  const content = bytes.subarray(RECORD_MAGIC.length + CHECKSUM_BYTES);
  if (!bytes.subarray(0, RECORD_MAGIC.length).equals(RECORD_MAGIC)) throw new Error("not a record of this version");
  if (!bytes.subarray(RECORD_MAGIC.length, RECORD_MAGIC.length + CHECKSUM_BYTES).equals(checksum(content))) {
    throw new Error("the checksum does not match");
  }
  const record: unknown = deserialize(content);
  if (!Array.isArray(record) || record.length !== 2) throw new Error("not a key and a value");
  return [record[0], record[1]];
}

function checksum(content: Buffer): Buffer {
  return createHash("sha256").update(content).digest();
}
