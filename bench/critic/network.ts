import { INPUT_CLIP, type Network } from "../../src/engine/critic/critic";
import { gaussian, randomNumbers } from "../../tools/random";

/** A sample to learn from: the inputs, the IoU that the network should give, and the sample's weight. */
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
/** Scales the squared error's gradient to what usual learning rates expect. */
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
  const { means, deviations } = scaling(samples);
  const scaled = samples.map(({ inputs }) =>
    Float64Array.from(inputs, (value, i) => clip((value - means[i]!) / deviations[i]!)),
  );
  const layout = new Layout(means.length, units);
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
  return layout.unpack(weights, means, deviations);
}

/**
 * Offsets of a network's parts in one flat vector: hidden weights (inputs x units), hidden biases (units), output weights
 * (units), output bias.
 */
class Layout {
  readonly hiddenBiases: number;
  readonly outputWeights: number;
  readonly outputBias: number;
  readonly size: number;

  constructor(
    readonly inputs: number,
    readonly units: number,
  ) {
    this.hiddenBiases = inputs * units;
    this.outputWeights = this.hiddenBiases + units;
    this.outputBias = this.outputWeights + units;
    this.size = this.outputBias + 1;
  }

  decays(k: number): boolean {
    return k < this.hiddenBiases || (k >= this.outputWeights && k < this.outputBias);
  }

  start(random: () => number): Float64Array {
    return Float64Array.from({ length: this.size }, (_, k) => {
      if (!this.decays(k)) return 0;
      return gaussian(random) * (k < this.hiddenBiases ? 1 / Math.sqrt(this.inputs) : 0.3);
    });
  }

  unpack(weights: Float64Array, inputMeans: number[], inputDeviations: number[]): Network {
    return {
      inputMeans,
      inputDeviations,
      hiddenWeights: inputMeans.map((_, i) => [...weights.subarray(i * this.units, (i + 1) * this.units)]),
      hiddenBiases: [...weights.subarray(this.hiddenBiases, this.outputWeights)],
      outputWeights: [...weights.subarray(this.outputWeights, this.outputBias)],
      outputBias: weights[this.outputBias]!,
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

/** Adds the gradient of the squared error on one sample. */
function addGradient(
  { hiddenBiases, outputWeights, outputBias, inputs: count, units }: Layout,
  weights: Float64Array,
  gradient: Float64Array,
  inputs: Float64Array,
  target: number,
): void {
  const hidden = weights.slice(hiddenBiases, outputWeights);
  for (let i = 0, k = 0; i < count; i++) {
    const input = inputs[i]!;
    for (let unit = 0; unit < units; unit++, k++) hidden[unit]! += input * weights[k]!;
  }
  let sum = weights[outputBias]!;
  for (let unit = 0; unit < units; unit++) {
    hidden[unit] = Math.tanh(hidden[unit]!);
    sum += hidden[unit]! * weights[outputWeights + unit]!;
  }
  const output = 1 / (1 + Math.exp(-sum));
  const slope = GAIN * (output - target) * output * (1 - output);
  gradient[outputBias]! += slope;
  const inner = new Float64Array(units);
  for (let unit = 0; unit < units; unit++) {
    gradient[outputWeights + unit]! += slope * hidden[unit]!;
    inner[unit] = slope * weights[outputWeights + unit]! * (1 - hidden[unit]! ** 2);
    gradient[hiddenBiases + unit]! += inner[unit]!;
  }
  for (let i = 0, k = 0; i < count; i++) {
    const input = inputs[i]!;
    for (let unit = 0; unit < units; unit++, k++) gradient[k]! += inner[unit]! * input;
  }
}

/** Weighted mean and standard deviation of each input. */
function scaling(samples: Sample[]): { means: number[]; deviations: number[] } {
  const total = samples.reduce((sum, { weight }) => sum + weight, 0);
  const average = (of: (input: number, i: number) => number): number[] => {
    const sums = (samples[0]?.inputs ?? []).map(() => 0);
    for (const { inputs, weight } of samples) {
      for (let i = 0; i < sums.length; i++) sums[i]! += weight * of(inputs[i]!, i);
    }
    return sums.map((sum) => sum / total);
  };
  const means = average((input) => input);
  const variances = average((input, i) => (input - means[i]!) ** 2);
  const deviations = variances.map((value) => (Math.sqrt(value) < 1e-4 ? 1 : Math.sqrt(value)));
  return { means, deviations };
}

/** Draws indices of samples by their weights. */
function sampler(samples: Sample[], random: () => number): () => number {
  let total = 0;
  const sums = Float64Array.from(samples, ({ weight }) => (total += weight));
  return () => {
    const target = random() * total;
    let low = 0;
    let high = samples.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! < target) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

function clip(value: number): number {
  return Math.max(-INPUT_CLIP, Math.min(INPUT_CLIP, value));
}
