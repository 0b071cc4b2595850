import { randomBytes } from "node:crypto";

/** A random id of 52 bits, 1 or more: a JavaScript number holds it exactly, and it can't be guessed from another. */
export function randomId(): number {
  const id = Number(randomBytes(8).readBigUInt64BE() >> 12n);
  return id === 0 ? randomId() : id;
}
