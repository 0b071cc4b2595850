/** An array of bytes by a function of the index (`Uint8Array.from` with a function takes many times as long). */
export function bytes(length: number, value: (index: number) => number): Uint8Array {
  const result = new Uint8Array(length);
  for (let i = 0; i < length; i += 1) result[i] = value(i);
  return result;
}

/** The same for numbers. */
export function floats(length: number, value: (index: number) => number): Float64Array {
  const result = new Float64Array(length);
  for (let i = 0; i < length; i += 1) result[i] = value(i);
  return result;
}
