import { z } from "zod";
import type { Prompt } from "../../api";

/** Named measures of a candidate; what is missing counts as 0. */
export type Features = Partial<Record<string, number>>;

const row = z.array(z.number());
const networkSchema = z.object({ mu: row, sd: row, W: z.array(row), b: row, v: row, c: z.number() });
const groupSchema = z.object({ full: z.array(networkSchema).min(1) });
const inputs = { FE: z.array(z.string()), toks: z.array(z.string()) };

/** A critic as `bench/fit-critic` writes it: names of its inputs, and a few small networks a kind of prompt. */
export const criticSchema = z.object({
  /** On what it was fitted. */
  notice: z.string().optional(),
  ...inputs,
  groups: z.object({ box: groupSchema, pt1: groupSchema, pts: groupSchema }),
  /** A second opinion on boxes that may be too wide, which also knows the masks of a click on the box's middle. */
  wideBox: groupSchema.extend(inputs).optional(),
});
export type CriticModel = z.infer<typeof criticSchema>;
export type WideBoxCritic = NonNullable<CriticModel["wideBox"]>;
type Network = z.infer<typeof networkSchema>;

/** The kinds of prompts that a critic was fitted for: with a box, one point, several points. */
export type PromptKind = keyof CriticModel["groups"];

/** The kind of a prompt. */
export function promptKind(prompt: Prompt): PromptKind {
  if (prompt.boundingBox) return "box";
  return prompt.points?.length === 1 ? "pt1" : "pts";
}

const INPUT_CLIP = 4;

/**
 * Expected intersection over union (0..1) of a candidate mask with what the user means: the mean of a few multilayer
 * perceptrons with one hidden layer of tanh units.
 * @param candidate which of the model's candidates the mask is, one of `model.toks`
 */
export function expectedIou(model: CriticModel, kind: PromptKind, features: Features, candidate: string): number {
  return judge({ ...model, full: model.groups[kind].full }, features, candidate);
}

/** The same for a box that may be too wide; `candidate` is one of the critic's `toks`. */
export function expectedIouOfWideBox(critic: WideBoxCritic, features: Features, candidate: string): number {
  return judge(critic, features, candidate);
}

function judge({ FE, toks, full: networks }: WideBoxCritic, features: Features, candidate: string): number {
  const values = [...FE.map((name) => features[name] ?? 0), ...toks.map((name) => (name === candidate ? 1 : 0))];
  return networks.reduce((sum, network) => sum + evaluate(network, values), 0) / networks.length;
}

function evaluate({ mu, sd, W, b, v, c }: Network, inputs: number[]): number {
  const scaled = inputs.map((input, i) => {
    const z = (input - mu[i]!) / (sd[i] === 0 ? 1 : sd[i]!);
    return Math.max(-INPUT_CLIP, Math.min(INPUT_CLIP, z));
  });
  let output = c;
  b.forEach((bias, unit) => {
    const activation = scaled.reduce((sum, value, i) => sum + value * W[i]![unit]!, bias);
    output += Math.tanh(activation) * v[unit]!;
  });
  return 1 / (1 + Math.exp(-output));
}
