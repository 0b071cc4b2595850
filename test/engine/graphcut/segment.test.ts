import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import type { Prompt } from "../../../src/api";
import { criticSchema } from "../../../src/engine/critic/critic";
import { PreparedPicture } from "../../../src/engine/graphcut/picture";
import { segmentByGraphCut } from "../../../src/engine/graphcut/segment";
import { discs, iouWithDisc, type Disc } from "./scene";

const CRITIC = path.join(__dirname, "../../../src/engine/critic/critic-graphcut.json");
const critic = criticSchema.parse(JSON.parse(fs.readFileSync(CRITIC, "utf8")));

const WIDTH = 400;
const HEIGHT = 300;
/** Twelve coins in rows. */
const COINS: Disc[] = Array.from({ length: 12 }, (_, i) => ({
  x: 50 + 100 * (i % 4),
  y: 50 + 100 * Math.floor(i / 4),
  radius: 22 + (i % 3) * 3,
}));
const COIN = COINS[5]!;
const image = discs(WIDTH, HEIGHT, COINS);
const picture = new PreparedPicture(image);

function boxAround({ x, y, radius }: Disc, wider: number): Prompt {
  const reach = radius * (1 + 2 * wider);
  return {
    boundingBox: {
      xMin: (x - reach) / WIDTH,
      yMin: (y - reach) / HEIGHT,
      xMax: (x + reach) / WIDTH,
      yMax: (y + reach) / HEIGHT,
    },
  };
}
const click: Prompt = { points: [{ x: COIN.x / WIDTH, y: COIN.y / HEIGHT }] };

describe("segmentByGraphCut", () => {
  const prompts: [string, Prompt][] = [
    ["a tight box", boxAround(COIN, 0)],
    ["a box that is 25 % wider on each side", boxAround(COIN, 0.25)],
    ["a box that is 50 % wider on each side", boxAround(COIN, 0.5)],
    ["one click", click],
    ["a box and a click", { ...boxAround(COIN, 0.1), ...click }],
    [
      "a click on the coin and one beside it",
      { points: [...click.points!, { x: (COIN.x + 50) / WIDTH, y: COIN.y / HEIGHT, label: 0 }] },
    ],
  ];
  for (const [name, prompt] of prompts) {
    it(`finds one coin of many by ${name}`, () => {
      const [best] = segmentByGraphCut(picture, prompt, critic);
      assert.ok(best);
      const iou = iouWithDisc(image, best, COIN);
      assert.ok(iou >= 0.9, `IoU ${iou.toFixed(3)}`);
      assert.ok(best.score > 0 && best.score <= 1);
    });
  }

  it("finds it by a single cut too", () => {
    const [best] = segmentByGraphCut(picture, boxAround(COIN, 0.1), critic, { fast: true });
    assert.ok(best && iouWithDisc(image, best, COIN) >= 0.9);
  });

  it("finds the same in a new and a used picture", () => {
    const prompt = boxAround(COIN, 0.25);
    assert.deepEqual(
      segmentByGraphCut(new PreparedPicture(image), prompt, critic),
      segmentByGraphCut(picture, prompt, critic),
    );
  });

  it("gives at most as many readings as asked for, best first", () => {
    const readings = segmentByGraphCut(picture, click, critic, { count: 3 });
    assert.ok(readings.length >= 1 && readings.length <= 3);
    readings.slice(1).forEach((reading, i) => assert.ok(reading.score <= readings[i]!.score));
  });

  it("finds nothing without a foreground point or box", () => {
    assert.deepEqual(segmentByGraphCut(picture, {}, critic), []);
    assert.deepEqual(segmentByGraphCut(picture, { points: [{ x: 0.5, y: 0.5, label: 0 }] }, critic), []);
  });

  it("accepts pictures without content or of one pixel, and boxes of almost no size", () => {
    const corner: Prompt = { points: [{ x: 1, y: 1 }] };
    const speck: Prompt = { boundingBox: { xMin: 0.5, yMin: 0.5, xMax: 0.5001, yMax: 0.5001 } };
    for (const [width, height] of [
      [1, 1],
      [300, 2],
      [64, 64],
    ] as const) {
      const flat = new PreparedPicture({ width, height, data: new Uint8Array(3 * width * height).fill(90) });
      for (const prompt of [corner, speck, boxAround(COIN, 0)]) {
        for (const { mask, score } of segmentByGraphCut(flat, prompt, critic)) {
          assert.ok(mask.every((value) => value === 0 || value === 1) && Number.isFinite(score));
        }
      }
    }
  });
});
