import { randomNumbers } from "../../scripts/scenes/camera";
import type { CriticModel } from "../../src/engine/critic/critic";

/** One network of a critic. */
export type Network = CriticModel["groups"]["box"]["full"][number];

/** What a network is shown: its inputs, the IoU it should tell, and how much that counts. */
export interface Sample {
  inputs: number[];
  target: number;
  weight: number;
}

const UNITS = 8;
const STEPS = 1000;
const BATCH = 256;
const RATE = 0.02;
/** Weight decay of both layers, not of their biases. */
const DECAY = 3e-3;
/** Inputs are cut off at so many standard deviations, as the critic does it. */
const CLIP = 4;
/** Makes the squared error's gradient as large as a usual learning rate expects it. */
const GAIN = 8;

/**
 * Trains a perceptron with one hidden layer of tanh units on squared error by Adam (D. Kingma, J. Ba, "Adam: A Method
 * for Stochastic Optimization", ICLR 2015). The same samples and seed give the same network.
 */
export function trainNetwork(samples: Sample[], seed: number): Network {
  const random = randomNumbers(seed);
  const { mu, sd } = scaling(samples);
  const scaled = samples.map(({ inputs }) =>
    Float64Array.from(inputs, (value, i) => Math.max(-CLIP, Math.min(CLIP, (value - at(mu, i)) / at(sd, i)))),
  );
  const layout = new Layout(mu.length);
  const weights = layout.start(random);
  const draw = sampler(samples, random);
  const optimizer = new Adam(layout.size);
  const gradient = new Float64Array(layout.size);
  for (let step = 1; step <= STEPS; step++) {
    gradient.fill(0);
    for (let k = 0; k < BATCH; k++) {
      const index = draw();
      const [inputs, sample] = [scaled[index], samples[index]];
      if (inputs !== undefined && sample !== undefined) addGradient(layout, weights, gradient, inputs, sample.target);
    }
    for (let k = 0; k < layout.size; k++) {
      gradient[k] = at(gradient, k) / BATCH + (layout.decays(k) ? DECAY * at(weights, k) : 0);
    }
    optimizer.step(weights, gradient, RATE * (1 - step / (STEPS + 1)), step);
  }
  return layout.unpack(weights, mu, sd);
}

/** Where the parts of a network stand in one flat vector: W (inputs x units), b (units), v (units), c. */
class Layout {
  readonly b: number;
  readonly v: number;
  readonly c: number;
  readonly size: number;

  constructor(readonly inputs: number) {
    this.b = inputs * UNITS;
    this.v = this.b + UNITS;
    this.c = this.v + UNITS;
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
      W: mu.map((_, i) => [...weights.subarray(i * UNITS, (i + 1) * UNITS)]),
      b: [...weights.subarray(this.b, this.v)],
      v: [...weights.subarray(this.v, this.c)],
      c: at(weights, this.c),
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
      const mean = 0.9 * at(this.#mean, k) + 0.1 * at(gradient, k);
      const square = 0.99 * at(this.#square, k) + 0.01 * at(gradient, k) ** 2;
      this.#mean[k] = mean;
      this.#square[k] = square;
      weights[k] = at(weights, k) - (rate * (mean / unbiasMean)) / (Math.sqrt(square / unbiasSquare) + 1e-8);
    }
  }
}

function addGradient(
  { b, v, c, inputs: count }: Layout,
  weights: Float64Array,
  gradient: Float64Array,
  inputs: Float64Array,
  target: number,
): void {
  const hidden = Array.from({ length: UNITS }, (_, unit) => {
    let activation = at(weights, b + unit);
    for (let i = 0; i < count; i++) activation += at(inputs, i) * at(weights, i * UNITS + unit);
    return Math.tanh(activation);
  });
  const sum = hidden.reduce((total, value, unit) => total + value * at(weights, v + unit), at(weights, c));
  const output = 1 / (1 + Math.exp(-sum));
  const slope = GAIN * (output - target) * output * (1 - output);
  const add = (k: number, value: number): void => {
    gradient[k] = at(gradient, k) + value;
  };
  add(c, slope);
  hidden.forEach((value, unit) => {
    add(v + unit, slope * value);
    const inner = slope * at(weights, v + unit) * (1 - value ** 2);
    add(b + unit, inner);
    for (let i = 0; i < count; i++) add(i * UNITS + unit, inner * at(inputs, i));
  });
}

/** Weighted mean and standard deviation of each input. */
function scaling(samples: Sample[]): { mu: number[]; sd: number[] } {
  const total = samples.reduce((sum, { weight }) => sum + weight, 0);
  const average = (of: (inputs: number[]) => number): number =>
    samples.reduce((sum, { inputs, weight }) => sum + weight * of(inputs), 0) / total;
  const mu = (samples[0]?.inputs ?? []).map((_, i) => average((inputs) => at(inputs, i)));
  const sd = mu.map((centre, i) => {
    const deviation = Math.sqrt(average((inputs) => (at(inputs, i) - centre) ** 2));
    return deviation < 1e-4 ? 1 : deviation;
  });
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
      if (at(sums, middle) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** An element that is known to exist. */
function at(values: ArrayLike<number>, index: number): number {
  return values[index] ?? NaN;
}
