import type { CriticModel } from "../../src/engine/critic/critic";
import { randomNumbers } from "../../tools/random";

/** One network of a critic. */
export type Network = CriticModel["groups"]["box"]["full"][number];

/** What a network is shown: its inputs, the IoU it should tell, and how much that counts. */
export interface Sample {
  inputs: number[];
  target: number;
  weight: number;
}

export interface NetworkTraining {
  /** Hidden units. */
  units: number;
  steps: number;
  /** Samples a step, drawn by their weights. */
  batch: number;
  /** Weight decay of both layers, not of their biases. */
  decay: number;
}

/** Learning rate of the first step; it falls evenly to 0. */
const RATE = 0.02;
/** Inputs are cut off at so many standard deviations, as the critic does it. */
const CLIP = 4;
/** Makes the squared error's gradient as large as a usual learning rate expects it. */
const GAIN = 8;

/**
 * Trains a perceptron with one hidden layer of tanh units on squared error by Adam (D. Kingma, J. Ba, "Adam: A Method
 * for Stochastic Optimization", ICLR 2015). The same samples and seed give the same network.
 */
export function trainNetwork(
  samples: Sample[],
  { units, steps, batch, decay }: NetworkTraining,
  seed: number,
): Network {
  const random = randomNumbers(seed);
  const { mu, sd } = scaling(samples);
  const scaled = samples.map(({ inputs }) =>
    Float64Array.from(inputs, (value, i) => Math.max(-CLIP, Math.min(CLIP, (value - mu[i]!) / sd[i]!))),
  );
  const layout = new Layout(mu.length, units);
  const weights = layout.start(random);
  const draw = sampler(samples, random);
  const optimizer = new Adam(layout.size);
  const gradient = new Float64Array(layout.size);
  for (let step = 1; step <= steps; step++) {
    gradient.fill(0);
    for (let k = 0; k < batch; k++) {
      const index = draw();
      const [inputs, sample] = [scaled[index], samples[index]];
      if (inputs !== undefined && sample !== undefined) addGradient(layout, weights, gradient, inputs, sample.target);
    }
    for (let k = 0; k < layout.size; k++) {
      gradient[k] = gradient[k]! / batch + (layout.decays(k) ? decay * weights[k]! : 0);
    }
    optimizer.step(weights, gradient, RATE * (1 - step / (steps + 1)), step);
  }
  return layout.unpack(weights, mu, sd);
}

/** Where the parts of a network stand in one flat vector: W (inputs x units), b (units), v (units), c. */
class Layout {
  readonly b: number;
  readonly v: number;
  readonly c: number;
  readonly size: number;

  constructor(
    readonly inputs: number,
    readonly units: number,
  ) {
    this.b = inputs * units;
    this.v = this.b + units;
    this.c = this.v + units;
    this.size = this.c + 1;
  }

  decays(k: number): boolean {
    return k < this.b || (k >= this.v && k < this.c);
  }

  start(random: () => number): Float64Array {
    return Float64Array.from({ length: this.size }, (_, k) => {
      if (!this.decays(k)) return 0;
      return gaussian(random) * (k < this.b ? 1 / Math.sqrt(this.inputs) : 0.3);
    });
  }

  unpack(weights: Float64Array, mu: number[], sd: number[]): Network {
    return {
      mu,
      sd,
      W: mu.map((_, i) => [...weights.subarray(i * this.units, (i + 1) * this.units)]),
      b: [...weights.subarray(this.b, this.v)],
      v: [...weights.subarray(this.v, this.c)],
      c: weights[this.c]!,
    };
  }
}

class Adam {
  readonly #mean: Float64Array;
  readonly #square: Float64Array;

  constructor(size: number) {
    this.#mean = new Float64Array(size);
    this.#square = new Float64Array(size);
  }

  step(weights: Float64Array, gradient: Float64Array, rate: number, step: number): void {
    const [unbiasMean, unbiasSquare] = [1 - 0.9 ** step, 1 - 0.99 ** step];
    for (let k = 0; k < weights.length; k++) {
      const mean = 0.9 * this.#mean[k]! + 0.1 * gradient[k]!;
      const square = 0.99 * this.#square[k]! + 0.01 * gradient[k]! ** 2;
      this.#mean[k] = mean;
      this.#square[k] = square;
      weights[k]! -= (rate * (mean / unbiasMean)) / (Math.sqrt(square / unbiasSquare) + 1e-8);
    }
  }
}

function addGradient(
  { b, v, c, inputs: count, units }: Layout,
  weights: Float64Array,
  gradient: Float64Array,
  inputs: Float64Array,
  target: number,
): void {
  const hidden = weights.slice(b, v);
  for (let i = 0, k = 0; i < count; i++) {
    const input = inputs[i]!;
    for (let unit = 0; unit < units; unit++, k++) hidden[unit]! += input * weights[k]!;
  }
  let sum = weights[c]!;
  for (let unit = 0; unit < units; unit++) {
    hidden[unit] = Math.tanh(hidden[unit]!);
    sum += hidden[unit]! * weights[v + unit]!;
  }
  const output = 1 / (1 + Math.exp(-sum));
  const slope = GAIN * (output - target) * output * (1 - output);
  gradient[c]! += slope;
  const inner = new Float64Array(units);
  for (let unit = 0; unit < units; unit++) {
    gradient[v + unit]! += slope * hidden[unit]!;
    inner[unit] = slope * weights[v + unit]! * (1 - hidden[unit]! ** 2);
    gradient[b + unit]! += inner[unit]!;
  }
  for (let i = 0, k = 0; i < count; i++) {
    const input = inputs[i]!;
    for (let unit = 0; unit < units; unit++, k++) gradient[k]! += inner[unit]! * input;
  }
}

/** Weighted mean and standard deviation of each input. */
function scaling(samples: Sample[]): { mu: number[]; sd: number[] } {
  const total = samples.reduce((sum, { weight }) => sum + weight, 0);
  const average = (of: (input: number, i: number) => number): number[] => {
    const sums = (samples[0]?.inputs ?? []).map(() => 0);
    for (const { inputs, weight } of samples) {
      for (let i = 0; i < sums.length; i++) sums[i]! += weight * of(inputs[i]!, i);
    }
    return sums.map((sum) => sum / total);
  };
  const mu = average((input) => input);
  const variance = average((input, i) => (input - mu[i]!) ** 2);
  const sd = variance.map((value) => (Math.sqrt(value) < 1e-4 ? 1 : Math.sqrt(value)));
  return { mu, sd };
}

/** Draws indices of samples by their weights. */
function sampler(samples: Sample[], random: () => number): () => number {
  let total = 0;
  const sums = Float64Array.from(samples, ({ weight }) => (total += weight));
  return () => {
    const wanted = random() * total;
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

function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
