import { randomBytes } from "node:crypto";

/** A random id of 52 bits, at least 1. A JavaScript number holds it exactly, and it can't be guessed from another id. */
export function randomId(): number {
  const id = Number(randomBytes(8).readBigUInt64BE() >> 12n);
  return id === 0 ? randomId() : id;
}
