import type { CriticModel } from "../../src/engine/critic/critic";
import { dice } from "./scenes";

/** One network of a critic. */
export type Network = CriticModel["groups"]["box"]["full"][number];

/** Features of a candidate, its true IoU, and how much it counts. */
export interface Sample {
  inputs: number[];
  target: number;
  weight: number;
}

const UNITS = 12;
const STEPS = 1200;
const RATE = 0.02;
const DECAY = 1e-3;
const BATCH = 768;
const CLIP = 4;

/**
 * Trains a perceptron with one hidden layer of tanh units on squared error by Adam (D. Kingma, J. Ba, "Adam", ICLR
 * 2015), with weight decay; the same seed gives the same network.
 */
export function trainNetwork(samples: Sample[], seed: number): Network {
  const roll = dice(seed);
  const inputCount = samples[0]?.inputs.length ?? 0;
  const { mu, sd } = scaling(samples, inputCount);
  const x = samples.map(({ inputs }) =>
    Float64Array.from(inputs, (value, i) => Math.max(-CLIP, Math.min(CLIP, (value - mu[i]!) / sd[i]!))),
  );
  // One flat vector: W (inputs × units), b (units), v (units), c.
  const size = inputCount * UNITS + 2 * UNITS + 1;
  const weights = Float64Array.from({ length: size }, (_, k) => {
    if (k < inputCount * UNITS) return gaussian(roll) / Math.sqrt(inputCount);
    return k >= inputCount * UNITS + UNITS && k < size - 1 ? 0.3 * gaussian(roll) : 0;
  });
  const pick = sampler(samples, roll);
  const moment = new Float64Array(size);
  const square = new Float64Array(size);
  const gradient = new Float64Array(size);
  for (let step = 1; step <= STEPS; step += 1) {
    gradient.fill(0);
    for (let k = 0; k < BATCH; k += 1) {
      const index = pick();
      addGradient(weights, gradient, x[index]!, samples[index]!.target, inputCount);
    }
    const rate = RATE * (1 - step / (STEPS + 1));
    for (let k = 0; k < size; k += 1) {
      const decayed = k < inputCount * UNITS || (k >= inputCount * UNITS + UNITS && k < size - 1);
      const g = gradient[k]! / BATCH + (decayed ? DECAY * weights[k]! : 0);
      moment[k] = 0.9 * moment[k]! + 0.1 * g;
      square[k] = 0.99 * square[k]! + 0.01 * g * g;
      weights[k]! -= (rate * (moment[k]! / (1 - 0.9 ** step))) / (Math.sqrt(square[k]! / (1 - 0.99 ** step)) + 1e-8);
    }
  }
  return unpack(weights, inputCount, mu, sd);
}

function scaling(samples: Sample[], inputCount: number): { mu: number[]; sd: number[] } {
  const total = samples.reduce((sum, { weight }) => sum + weight, 0);
  const average = (value: (inputs: number[]) => number): number =>
    samples.reduce((sum, { inputs, weight }) => sum + weight * value(inputs), 0) / total;
  const mu = Array.from({ length: inputCount }, (_, i) => average((inputs) => inputs[i]!));
  const sd = mu.map((centre, i) => {
    const deviation = Math.sqrt(average((inputs) => (inputs[i]! - centre) ** 2));
    return deviation < 1e-4 ? 1 : deviation;
  });
  return { mu, sd };
}

function gaussian(roll: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - roll())) * Math.cos(2 * Math.PI * roll());
}

/** Draws samples by their weights. */
function sampler(samples: Sample[], roll: () => number): () => number {
  const sums = new Float64Array(samples.length);
  let total = 0;
  samples.forEach(({ weight }, i) => (sums[i] = total += weight));
  return () => {
    const wanted = roll() * total;
    let low = 0;
    let high = samples.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

function addGradient(
  weights: Float64Array,
  gradient: Float64Array,
  x: Float64Array,
  target: number,
  inputs: number,
): void {
  const bias = inputs * UNITS;
  const out = bias + UNITS;
  const last = out + UNITS;
  const hidden = new Float64Array(UNITS);
  let z = weights[last]!;
  for (let unit = 0; unit < UNITS; unit += 1) {
    let activation = weights[bias + unit]!;
    for (let i = 0; i < inputs; i += 1) activation += x[i]! * weights[i * UNITS + unit]!;
    hidden[unit] = Math.tanh(activation);
    z += hidden[unit]! * weights[out + unit]!;
  }
  const output = 1 / (1 + Math.exp(-z));
  const dz = 8 * (output - target) * output * (1 - output);
  gradient[last]! += dz;
  for (let unit = 0; unit < UNITS; unit += 1) {
    gradient[out + unit]! += dz * hidden[unit]!;
    const dh = dz * weights[out + unit]! * (1 - hidden[unit]! ** 2);
    gradient[bias + unit]! += dh;
    for (let i = 0; i < inputs; i += 1) gradient[i * UNITS + unit]! += dh * x[i]!;
  }
}

function unpack(weights: Float64Array, inputs: number, mu: number[], sd: number[]): Network {
  const bias = inputs * UNITS;
  return {
    mu,
    sd,
    W: mu.map((_, i) => [...weights.subarray(i * UNITS, (i + 1) * UNITS)]),
    b: [...weights.subarray(bias, bias + UNITS)],
    v: [...weights.subarray(bias + UNITS, bias + 2 * UNITS)],
    c: weights[bias + 2 * UNITS]!,
  };
}
