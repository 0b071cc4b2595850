import { mean } from "../../tools/statistics";

/** The score of a mask and its true IoU. */
export interface Scored {
  score: number;
  iou: number;
}

/** How well scores predict the IoU. */
export interface Reliability {
  /** Pearson's correlation of score and IoU. */
  correlation: number;
  /** Expected calibration error: mean distance of score and IoU over ten bins of the score. */
  calibrationError: number;
  bins: { from: number; count: number; score: number; iou: number }[];
}

const BINS = 10;

export function reliability(all: Scored[]): Reliability {
  const bins = Array.from({ length: BINS }, (_, index) => {
    const members = all.filter(({ score }) => Math.min(BINS - 1, Math.floor(score * BINS)) === index);
    const of = (key: keyof Scored): number => mean(members.map((each) => each[key]));
    return { from: index / BINS, count: members.length, score: of("score"), iou: of("iou") };
  }).filter(({ count }) => count > 0);
  const calibrationError = bins.reduce(
    (sum, { count, score, iou }) => sum + (count / all.length) * Math.abs(score - iou),
    0,
  );
  return { correlation: correlation(all), calibrationError, bins };
}

function correlation(all: Scored[]): number {
  const score = mean(all.map((each) => each.score));
  const iou = mean(all.map((each) => each.iou));
  const sum = (of: (each: Scored) => number): number => all.reduce((total, each) => total + of(each), 0);
  const covariance = sum((each) => (each.score - score) * (each.iou - iou));
  return covariance / Math.sqrt(sum((each) => (each.score - score) ** 2) * sum((each) => (each.iou - iou) ** 2));
}
