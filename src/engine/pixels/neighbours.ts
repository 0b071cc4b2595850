/** For samples along one axis of a grid, the two cells around each and the share of the second: linear interpolation. */
export interface Neighbours {
  first: Int32Array;
  second: Int32Array;
  share: Float64Array;
}

/**
 * Finds the neighbours of samples.
 * @param count number of samples
 * @param cells number of cells along the axis; beyond the outermost ones their values are repeated
 * @param position of a sample, in cells: 0 is the centre of the first cell
 */
export function neighboursOf(count: number, cells: number, position: (sample: number) => number): Neighbours {
  const first = new Int32Array(count);
  const second = new Int32Array(count);
  const share = new Float64Array(count);
  for (let sample = 0; sample < count; sample += 1) {
    const at = position(sample);
    const low = Math.floor(at);
    first[sample] = Math.max(0, Math.min(cells - 1, low));
    second[sample] = Math.max(0, Math.min(cells - 1, low + 1));
    share[sample] = at - low;
  }
  return { first, second, share };
}
