/**
 * Writes what bench/fit-critic.ts reads: the graphcut engine's proposals for many prompts, their features and true IoUs.
 *
 *   npx tsx bench/graphcut-rows.ts OUT.jsonl FOLDER[:LIMIT] … scenes:COUNT
 */
import fs from "node:fs";
import type { BoundingBox, Prompt } from "../../src/api";
import { promptKind } from "../../src/engine/critic/critic";
import { measure } from "../../src/engine/graphcut/measure";
import { agreements } from "../../src/engine/graphcut/overlap";
import { PreparedPicture } from "../../src/engine/graphcut/picture";
import { propose } from "../../src/engine/graphcut/proposals";
import { iouInPicture, loadSet, type BenchItem } from "./data";
import { dice, drawScene } from "./scenes";

/** Boxes that differ by less than this are one defect under several exposures. */
const SAME_BOX = 0.03;

/** Tight boxes and clicks in the middle are what people give most. */
const WEIGHTS: Record<string, number> = { box: 2, boxpt: 2, b10: 1.5, pt1: 2, pt3_2: 2 };

/** The bench's prompts, and more as people give them: boxes loose to each side differently, clicks off the middle. */
function trainingPrompts(item: BenchItem, roll: () => number): Record<string, Prompt> {
  const box = item.prompts["box"]!.boundingBox!;
  const points = item.prompts["pt3_2"]!.points!;
  const [first, second, third, beside, further] = points;
  const uneven = (share: number): BoundingBox => {
    const by = (size: number): number => share * (0.4 + 1.2 * roll()) * size;
    const [width, height] = [box.xMax - box.xMin, box.yMax - box.yMin];
    return {
      xMin: Math.max(0, box.xMin - by(width)),
      yMin: Math.max(0, box.yMin - by(height)),
      xMax: Math.min(1, box.xMax + by(width)),
      yMax: Math.min(1, box.yMax + by(height)),
    };
  };
  const loose = uneven(0.25);
  return {
    ...Object.fromEntries(Object.entries(item.prompts).filter(([mode]) => mode !== "b100")),
    uneven25: { boundingBox: loose },
    uneven25pt: { boundingBox: loose, points: [first!] },
    pt1b: { points: [second!] },
    pt1c: { points: [third!] },
    pt2_1: { points: [first!, second!, beside ?? third!] },
    pt1_1: { points: [second!, further ?? beside ?? third!] },
  };
}

/** One line a prompt. */
function rowsOf(item: BenchItem, group: string, roll: () => number): string[] {
  const picture = new PreparedPicture(item.image);
  return Object.entries(trainingPrompts(item, roll)).map(([mode, prompt]) => {
    const proposals = propose(picture, prompt);
    const agreement = agreements(proposals);
    const c = proposals.map((proposal, i) => {
      const features = measure(prompt, proposal, agreement[i]!);
      if (!features) return null;
      const f = Object.fromEntries(
        Object.entries(features).map(([name, value]) => [
          name,
          Number(((value as number | undefined) ?? 0).toFixed(4)),
        ]),
      );
      return { name: proposal.name, v: Number(iouInPicture(item, proposal.frame, proposal.mask).toFixed(4)), f };
    });
    return JSON.stringify({
      set: item.set,
      item: item.name,
      group,
      kind: promptKind(prompt),
      mode,
      weight: WEIGHTS[mode] ?? 1,
      c,
    });
  });
}

async function load(source: string): Promise<BenchItem[]> {
  const [folder = "", limit = "1000"] = source.split(":");
  if (folder === "scenes") return Array.from({ length: Number(limit) }, (_, i) => drawScene(i + 1));
  return loadSet(folder, Number(limit));
}

function sameBox(a: BoundingBox, b: BoundingBox): boolean {
  return (["xMin", "yMin", "xMax", "yMax"] as const).every((side) => Math.abs(a[side] - b[side]) < SAME_BOX);
}

async function main([out, ...sources]: string[]): Promise<void> {
  if (out === undefined) throw new Error("usage: graphcut-rows OUT.jsonl FOLDER[:LIMIT] …");
  const file = fs.openSync(out, "w");
  for (const source of sources) {
    const groups: BoundingBox[] = [];
    let seed = 1;
    for (const item of await load(source)) {
      const box = item.prompts["box"]!.boundingBox!;
      let group = groups.findIndex((other) => item.set === "defects" && sameBox(other, box));
      if (group < 0) group = groups.push(box) - 1;
      for (const row of rowsOf(item, String(group), dice(seed))) fs.writeSync(file, `${row}\n`);
      seed += 1;
    }
  }
}

void main(process.argv.slice(2));
