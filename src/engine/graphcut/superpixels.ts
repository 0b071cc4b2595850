import type { LabImage } from "../pixels/lab";

/** A partition of a picture into small connected regions of one colour. */
export interface Superpixels {
  /** Region of each pixel, 0..count − 1. */
  label: Int32Array;
  count: number;
  /** Side of a region if it were a square, in pixels. */
  spacing: number;
}

const COMPACTNESS = 8;
const ROUNDS = 5;
/** How far from its centre a region may reach, in spacings. */
const REACH = 1.2;
/** Parts smaller than this share of an ordinary region join a neighbour. */
const MIN_SHARE = 0.2;

/** Centres of the regions: position and colour. */
interface Centres {
  x: Float32Array;
  y: Float32Array;
  l: Float32Array;
  a: Float32Array;
  b: Float32Array;
}

/**
 * Simple linear iterative clustering (R. Achanta et al., "SLIC Superpixels Compared to State-of-the-Art Superpixel
 * Methods", IEEE TPAMI 34(11), 2012) into about `target` regions.
 */
export function superpixels(image: LabImage, target: number): Superpixels {
  const { width, height } = image;
  const spacing = Math.max(2, Math.sqrt((width * height) / target));
  const columns = Math.max(1, Math.round(width / spacing));
  const rows = Math.max(1, Math.round(height / spacing));
  const centres = gridCentres(image, columns, rows);
  const cluster = new Int32Array(width * height).fill(-1);
  for (let round = 0; round < ROUNDS; round += 1) {
    assign(image, centres, spacing, cluster);
    moveCentres(image, centres, cluster);
  }
  return connect(cluster, width, height, spacing);
}

function gridCentres({ width, height, l, a, b }: LabImage, columns: number, rows: number): Centres {
  const count = columns * rows;
  const centres = {
    x: new Float32Array(count),
    y: new Float32Array(count),
    l: new Float32Array(count),
    a: new Float32Array(count),
    b: new Float32Array(count),
  };
  for (let row = 0, k = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1, k += 1) {
      const x = Math.min(width - 1, Math.floor(((column + 0.5) * width) / columns));
      const y = Math.min(height - 1, Math.floor(((row + 0.5) * height) / rows));
      centres.x[k] = x;
      centres.y[k] = y;
      centres.l[k] = l[y * width + x]!;
      centres.a[k] = a[y * width + x]!;
      centres.b[k] = b[y * width + x]!;
    }
  }
  return centres;
}

/** Assigns each pixel to the nearest centre, by position and colour together. */
function assign(image: LabImage, centres: Centres, spacing: number, cluster: Int32Array): void {
  const { width, height, l, a, b } = image;
  const nearest = new Float32Array(cluster.length).fill(Infinity);
  const positionWeight = (COMPACTNESS / spacing) ** 2;
  const reach = Math.ceil(REACH * spacing);
  for (let k = 0; k < centres.x.length; k += 1) {
    const cx = centres.x[k]!;
    const cy = centres.y[k]!;
    const cl = centres.l[k]!;
    const ca = centres.a[k]!;
    const cb = centres.b[k]!;
    const x0 = Math.max(0, Math.floor(cx - reach));
    const x1 = Math.min(width - 1, Math.floor(cx + reach));
    const y1 = Math.min(height - 1, Math.floor(cy + reach));
    for (let y = Math.max(0, Math.floor(cy - reach)); y <= y1; y += 1) {
      const dy = (y - cy) * (y - cy) * positionWeight;
      for (let x = x0, i = y * width + x0; x <= x1; x += 1, i += 1) {
        const dl = l[i]! - cl;
        const da = a[i]! - ca;
        const db = b[i]! - cb;
        const distance = dl * dl + da * da + db * db + dy + (x - cx) * (x - cx) * positionWeight;
        if (distance < nearest[i]!) {
          nearest[i] = distance;
          cluster[i] = k;
        }
      }
    }
  }
}

function moveCentres({ width, height, l, a, b }: LabImage, centres: Centres, cluster: Int32Array): void {
  const sums = new Float64Array(6 * centres.x.length);
  for (let y = 0, i = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, i += 1) {
      if (cluster[i]! < 0) continue;
      const at = 6 * cluster[i]!;
      sums[at]! += x;
      sums[at + 1]! += y;
      sums[at + 2]! += l[i]!;
      sums[at + 3]! += a[i]!;
      sums[at + 4]! += b[i]!;
      sums[at + 5]! += 1;
    }
  }
  for (let k = 0, at = 0; k < centres.x.length; k += 1, at += 6) {
    const size = sums[at + 5]!;
    if (size === 0) continue;
    centres.x[k] = sums[at]! / size;
    centres.y[k] = sums[at + 1]! / size;
    centres.l[k] = sums[at + 2]! / size;
    centres.a[k] = sums[at + 3]! / size;
    centres.b[k] = sums[at + 4]! / size;
  }
}

/** Makes each connected part of a cluster a region; tiny parts join the region before them. */
function connect(cluster: Int32Array, width: number, height: number, spacing: number): Superpixels {
  const label = new Int32Array(cluster.length).fill(-1);
  const clusters = { cluster, label, part: new Int32Array(cluster.length), width, height };
  const smallest = MIN_SHARE * spacing * spacing;
  let count = 0;
  for (let start = 0; start < cluster.length; start += 1) {
    if (label[start]! >= 0) continue;
    const x = start % width;
    const neighbour = x > 0 ? label[start - 1]! : start >= width ? label[start - width]! : -1;
    const size = collectPart(clusters, start, count);
    if (size < smallest && neighbour >= 0) {
      for (let k = 0; k < size; k += 1) label[clusters.part[k]!] = neighbour;
    } else {
      count += 1;
    }
  }
  return { label, count, spacing };
}

/** The clusters of a picture's pixels while their connected parts are labelled. */
interface Clusters {
  /** Cluster of each pixel. */
  cluster: Int32Array;
  /** Region of each pixel, −1 = not labelled yet. */
  label: Int32Array;
  /** Room for the pixels of one part. */
  part: Int32Array;
  width: number;
  height: number;
}

/** Labels the connected part of `start`'s cluster with `id`; returns its size: its pixels are the first ones of `part`. */
function collectPart({ cluster, label, part, width, height }: Clusters, start: number, id: number): number {
  const ownCluster = cluster[start]!;
  let size = 1;
  part[0] = start;
  label[start] = id;
  const reach = (i: number): void => {
    if (label[i]! >= 0 || cluster[i] !== ownCluster) return;
    label[i] = id;
    part[size++] = i;
  };
  for (let next = 0; next < size; next += 1) {
    const i = part[next]!;
    const x = i % width;
    if (x > 0) reach(i - 1);
    if (x < width - 1) reach(i + 1);
    if (i >= width) reach(i - width);
    if (i < width * (height - 1)) reach(i + width);
  }
  return size;
}
