import { z } from "zod";
import type { Prompt } from "../../api";

/** Features by name (`MaskFeatures`, `ContourFeatures`, …); a missing one counts as 0. */
export type Features = Partial<Record<string, number>>;

const row = z.array(z.number());

/** A multilayer perceptron with one hidden layer of tanh units and a logistic output. */
const networkSchema = z.object({
  /** Mean and standard deviation of each input, by which it is scaled. */
  inputMeans: row,
  inputDeviations: row,
  /** For each input its weight in each hidden unit. */
  hiddenWeights: z.array(row),
  hiddenBiases: row,
  outputWeights: row,
  outputBias: z.number(),
});
/** The mean of their outputs counts. */
const networks = z.array(networkSchema).min(1);
/**
 * The inputs of a network: the features, then for each candidate name 1 if the mask is that candidate, else 0. A candidate
 * is one of the masks among which an engine chooses: one of sam's mask tokens, or a cut by one of graphcut's recipes.
 */
const inputs = { featureNames: z.array(z.string()), candidateNames: z.array(z.string()) };
const groupSchema = z.object({ networks });

/** A critic as `bench/fit-critic.ts` writes it: the names of its inputs, and a few small networks for each kind of prompt. */
export const criticSchema = z.object({
  /** The pictures that it was fitted on. */
  notice: z.string().optional(),
  ...inputs,
  groups: z.object({ box: groupSchema, onePoint: groupSchema, severalPoints: groupSchema }),
  /** A second opinion on boxes that may be too wide, which also knows the masks of a click on the box's centre. */
  wideBox: groupSchema.extend(inputs).optional(),
});
export type CriticModel = z.infer<typeof criticSchema>;
export type WideBoxCritic = NonNullable<CriticModel["wideBox"]>;
export type Network = z.infer<typeof networkSchema>;

/** The kinds of prompts that a critic has networks for: any with a box, one point, several points. */
export type PromptKind = keyof CriticModel["groups"];

/** The kind of a prompt. */
export function promptKind(prompt: Prompt): PromptKind {
  if (prompt.boundingBox) return "box";
  return prompt.points?.length === 1 ? "onePoint" : "severalPoints";
}

/** Scaled inputs are clipped to this many standard deviations. */
export const INPUT_CLIP = 4;

/**
 * The intersection over union (0..1) to expect of a candidate mask with the object that the user means.
 * @param candidate the name of the candidate, one of the critic's `candidateNames`
 */
export function expectedIou(critic: CriticModel, kind: PromptKind, features: Features, candidate: string): number {
  return judge({ ...critic, networks: critic.groups[kind].networks }, features, candidate);
}

/** The same for a box that may be too wide. */
export function expectedIouOfWideBox(critic: WideBoxCritic, features: Features, candidate: string): number {
  return judge(critic, features, candidate);
}

function judge(critic: WideBoxCritic, features: Features, candidate: string): number {
  const { networks } = critic;
  const inputs = inputsOf(critic, features, candidate);
  return networks.reduce((sum, network) => sum + evaluate(network, inputs), 0) / networks.length;
}

/** The inputs of a network in the order of its weights. */
export function inputsOf(
  { featureNames, candidateNames }: Pick<CriticModel, "featureNames" | "candidateNames">,
  features: Features,
  candidate: string,
): number[] {
  return [
    ...featureNames.map((name) => features[name] ?? 0),
    ...candidateNames.map((name) => (name === candidate ? 1 : 0)),
  ];
}

function evaluate(network: Network, inputs: number[]): number {
  const { inputMeans, inputDeviations, hiddenWeights, hiddenBiases, outputWeights, outputBias } = network;
  const scaled = inputs.map((input, i) => {
    const deviation = inputDeviations[i] === 0 ? 1 : inputDeviations[i]!;
    return Math.max(-INPUT_CLIP, Math.min(INPUT_CLIP, (input - inputMeans[i]!) / deviation));
  });
  let output = outputBias;
  hiddenBiases.forEach((bias, unit) => {
    const activation = scaled.reduce((sum, value, i) => sum + value * hiddenWeights[i]![unit]!, bias);
    output += Math.tanh(activation) * outputWeights[unit]!;
  });
  return 1 / (1 + Math.exp(-output));
}
