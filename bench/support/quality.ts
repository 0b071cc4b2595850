import { PROMPT_NAMES, type PromptName } from "./dataset";
import type { Measurement } from "./contest";
import type { Reliability } from "./reliability";
import { mean } from "./statistics";

/** An outline that one need not touch up. */
const GOOD_IOU = 0.9;

/** For each folder a number a prompt, in the order of PROMPT_NAMES. */
export type QualityTable = Record<string, number[]>;

/** Mean IoU of one contestant's answers. */
export function meanIou(measurements: Measurement[]): QualityTable {
  return table(measurements, ({ iou }) => iou);
}

/** Share of the outlines whose IoU is at least .90. */
export function shareOfGood(measurements: Measurement[]): QualityTable {
  return table(measurements, ({ iou }) => (iou >= GOOD_IOU ? 1 : 0));
}

function table(measurements: Measurement[], of: (measurement: Measurement) => number): QualityTable {
  const folders = [...new Set(measurements.map(({ folder }) => folder))];
  const meanOf = (folder: string, prompt: PromptName): number =>
    mean(measurements.filter((each) => each.folder === folder && each.prompt === prompt).map(of));
  return Object.fromEntries(folders.map((folder) => [folder, PROMPT_NAMES.map((prompt) => meanOf(folder, prompt))]));
}

export function printQuality(title: string, quality: QualityTable): void {
  console.log(`\n${title.padEnd(28)}${PROMPT_NAMES.map((name) => name.padStart(10)).join("")}`);
  for (const [folder, values] of Object.entries(quality)) {
    console.log(`${folder.padEnd(28)}${values.map((value) => value.toFixed(3).padStart(10)).join("")}`);
  }
}

export function printReliability(folder: string, { correlation, calibrationError, bins }: Reliability): void {
  console.log(`${folder.padEnd(22)} r ${correlation.toFixed(2)}, calibration error ${calibrationError.toFixed(3)}`);
  for (const { from, count, score, iou } of bins) {
    const range = `${from.toFixed(1)}..${(from + 0.1).toFixed(1)}`;
    console.log(
      `  ${range}  ${String(count).padStart(4)} answers, mean score ${score.toFixed(2)}, IoU ${iou.toFixed(2)}`,
    );
  }
}
