import type { LabImage } from "./lab";

/** One Gaussian of a mixture: mean, inverse covariance (xx xy xz yy yz zz) and log of weight over √det. */
interface Component {
  mean: [number, number, number];
  inverse: [number, number, number, number, number, number];
  logWeight: number;
}

const MAX_SAMPLES = 600;
const K_MEANS_ROUNDS = 4;
/** Variance added to each channel (times the squared contrast gain), so that a flat colour stays a Gaussian. */
const MIN_VARIANCE = 3;
/** A component this far below the best adds nothing to a sum of likelihoods. */
const NEGLIGIBLE = 12;

/** How much more likely a pixel's colour is in one region than in the other. */
export type ColourModel = (pixel: number) => number;

/**
 * Learns the colours of a mask's two sides as mixtures of Gaussians, as GrabCut does
 * (C. Rother, V. Kolmogorov, A. Blake, "GrabCut", ACM TOG 23(3), 2004).
 * @param mask 1 = object, 0 = background, one byte a pixel of `image`
 * @param components Gaussians a side
 * @returns the log likelihood ratio object : background of a pixel, or undefined when a side is too small to learn from
 */
export function learnColours(image: LabImage, mask: Uint8Array, components: number): ColourModel | undefined {
  let area = 0;
  for (let i = 0; i < mask.length; i += 1) area += mask[i]!;
  const inside = samples(image, mask, 1, area);
  const outside = samples(image, mask, 0, mask.length - area);
  if (inside.length < 3 * 8 || outside.length < 3 * 8) return undefined;
  const object = fit(inside, components, image.gain);
  const background = fit(outside, components, image.gain);
  const { l, a, b } = image;
  return (pixel) =>
    logLikelihood(object, l[pixel]!, a[pixel]!, b[pixel]!) - logLikelihood(background, l[pixel]!, a[pixel]!, b[pixel]!);
}

/** Colours of one side's `count` pixels, evenly spread, as [l, a, b, l, a, b, …]. */
function samples(image: LabImage, mask: Uint8Array, side: 0 | 1, count: number): Float32Array {
  const step = Math.max(1, Math.floor(count / MAX_SAMPLES));
  const result = new Float32Array(3 * Math.ceil(count / step));
  let untilNext = 1;
  for (let i = 0, at = 0; at < result.length; i += 1) {
    if (mask[i] !== side) continue;
    untilNext -= 1;
    if (untilNext > 0) continue;
    untilNext = step;
    result[at] = image.l[i]!;
    result[at + 1] = image.a[i]!;
    result[at + 2] = image.b[i]!;
    at += 3;
  }
  return result;
}

function fit(colours: Float32Array, components: number, gain: number): Component[] {
  const cluster = kMeans(colours, components);
  const result: Component[] = [];
  for (let k = 0; k < components; k += 1) {
    const component = gaussian(colours, cluster, k, gain);
    if (component) result.push(component);
  }
  return result;
}

type Colour = [number, number, number];

function distance2(colours: Float32Array, at: number, [l, a, b]: Colour): number {
  return (colours[at]! - l) ** 2 + (colours[at + 1]! - a) ** 2 + (colours[at + 2]! - b) ** 2;
}

/** Lloyd's k-means; starts spread out like k-means++, but at a fixed share of the distances, so it repeats exactly. */
function kMeans(colours: Float32Array, k: number): Int32Array {
  const centres = spreadCentres(colours, k);
  const cluster = new Int32Array(colours.length / 3);
  for (let round = 0; round < K_MEANS_ROUNDS; round += 1) {
    const sums = new Float64Array(4 * k);
    for (let i = 0, at = 0; i < cluster.length; i += 1, at += 3) {
      let nearest = 0;
      let best = Infinity;
      for (let c = 0; c < k; c += 1) {
        const distance = distance2(colours, at, centres[c]!);
        if (distance < best) {
          best = distance;
          nearest = c;
        }
      }
      cluster[i] = nearest;
      for (let d = 0; d < 3; d += 1) sums[4 * nearest + d]! += colours[at + d]!;
      sums[4 * nearest + 3]! += 1;
    }
    for (let c = 0; c < k; c += 1) {
      const count = sums[4 * c + 3]!;
      if (count > 0) centres[c] = [sums[4 * c]! / count, sums[4 * c + 1]! / count, sums[4 * c + 2]! / count];
    }
  }
  return cluster;
}

function spreadCentres(colours: Float32Array, k: number): Colour[] {
  const count = colours.length / 3;
  let centre: Colour = [0, 0, 0];
  for (let at = 0; at < colours.length; at += 1) centre[(at % 3) as 0 | 1 | 2] += colours[at]! / count;
  const nearest = new Float64Array(count).fill(Infinity);
  const centres: Colour[] = [];
  for (let c = 0; c < k; c += 1) {
    centres.push(centre);
    let total = 0;
    for (let i = 0; i < count; i += 1) {
      nearest[i] = Math.min(nearest[i]!, distance2(colours, 3 * i, centre));
      total += nearest[i]!;
    }
    let share = 0.7 * total;
    let i = 0;
    for (; i < count - 1; i += 1) {
      share -= nearest[i]!;
      if (share <= 0) break;
    }
    centre = [colours[3 * i]!, colours[3 * i + 1]!, colours[3 * i + 2]!];
  }
  return centres;
}

function gaussian(colours: Float32Array, cluster: Int32Array, k: number, gain: number): Component | undefined {
  let count = 0;
  const mean: Colour = [0, 0, 0];
  for (let i = 0; i < cluster.length; i += 1) {
    if (cluster[i] !== k) continue;
    count += 1;
    mean[0] += colours[3 * i]!;
    mean[1] += colours[3 * i + 1]!;
    mean[2] += colours[3 * i + 2]!;
  }
  if (count < 2) return undefined;
  mean[0] /= count;
  mean[1] /= count;
  mean[2] /= count;
  let [xx, xy, xz, yy, yz, zz] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < cluster.length; i += 1) {
    if (cluster[i] !== k) continue;
    const x = colours[3 * i]! - mean[0];
    const y = colours[3 * i + 1]! - mean[1];
    const z = colours[3 * i + 2]! - mean[2];
    xx += x * x;
    xy += x * y;
    xz += x * z;
    yy += y * y;
    yz += y * z;
    zz += z * z;
  }
  const ridge = MIN_VARIANCE * gain * gain;
  xx = xx / count + ridge;
  yy = yy / count + ridge;
  zz = zz / count + ridge;
  xy /= count;
  xz /= count;
  yz /= count;
  const det = xx * (yy * zz - yz * yz) - xy * (xy * zz - yz * xz) + xz * (xy * yz - yy * xz);
  return {
    mean,
    inverse: [
      (yy * zz - yz * yz) / det,
      (xz * yz - xy * zz) / det,
      (xy * yz - xz * yy) / det,
      (xx * zz - xz * xz) / det,
      (xy * xz - xx * yz) / det,
      (xx * yy - xy * xy) / det,
    ],
    logWeight: Math.log(count / cluster.length) - 0.5 * Math.log(det),
  };
}

/** log Σ weight · density of a colour, up to a constant that both sides of a ratio share. */
function logLikelihood(mixture: Component[], l: number, a: number, b: number): number {
  let best = -1e30;
  let sum = 0;
  for (const { mean, inverse, logWeight } of mixture) {
    const x = l - mean[0];
    const y = a - mean[1];
    const z = b - mean[2];
    const mahalanobis =
      x * (inverse[0] * x + 2 * (inverse[1] * y + inverse[2] * z)) +
      y * (inverse[3] * y + 2 * inverse[4] * z) +
      inverse[5] * z * z;
    const log = logWeight - 0.5 * mahalanobis;
    if (log > best) {
      sum = sum * Math.exp(best - log) + 1;
      best = log;
    } else if (log > best - NEGLIGIBLE) {
      sum += Math.exp(log - best);
    }
  }
  return best + Math.log(sum);
}
