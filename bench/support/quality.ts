import type { AnyPromptName } from "../../tools/dataset";
import type { Measurement } from "./contest";
import type { Reliability } from "./reliability";
import { mean } from "../../tools/statistics";

/** An outline that needs no correction. */
const GOOD_IOU = 0.9;

/** For each folder a number for each prompt. */
export interface QualityTable {
  prompts: readonly AnyPromptName[];
  folders: Record<string, number[]>;
}

/** Mean IoU of one contestant on these prompts. */
export function meanIou(measurements: Measurement[], prompts: readonly AnyPromptName[]): QualityTable {
  return table(measurements, prompts, ({ iou }) => iou);
}

/** Share of the outlines whose IoU is at least .90. */
export function shareOfGood(measurements: Measurement[], prompts: readonly AnyPromptName[]): QualityTable {
  return table(measurements, prompts, ({ iou }) => (iou >= GOOD_IOU ? 1 : 0));
}

function table(
  measurements: Measurement[],
  prompts: readonly AnyPromptName[],
  of: (measurement: Measurement) => number,
): QualityTable {
  const meanOf = (folder: string, prompt: AnyPromptName): number =>
    mean(measurements.filter((each) => each.folder === folder && each.prompt === prompt).map(of));
  const folders = [...new Set(measurements.map(({ folder }) => folder))];
  return {
    prompts,
    folders: Object.fromEntries(folders.map((folder) => [folder, prompts.map((prompt) => meanOf(folder, prompt))])),
  };
}

export function printQuality(title: string, { prompts, folders }: QualityTable): void {
  console.log(`\n${title.padEnd(28)}${prompts.map((name) => name.padStart(12)).join("")}`);
  for (const [folder, values] of Object.entries(folders)) {
    console.log(`${folder.padEnd(28)}${values.map((value) => value.toFixed(3).padStart(12)).join("")}`);
  }
}

export function printReliability(folder: string, { correlation, calibrationError, bins }: Reliability): void {
  console.log(`${folder.padEnd(22)} r ${correlation.toFixed(2)}, calibration error ${calibrationError.toFixed(3)}`);
  for (const { from, count, score, iou } of bins) {
    const range = `${from.toFixed(1)}..${(from + 0.1).toFixed(1)}`;
    console.log(
      `  ${range}  ${String(count).padStart(4)} outlines, mean score ${score.toFixed(2)}, IoU ${iou.toFixed(2)}`,
    );
  }
}
