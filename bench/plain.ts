/** The plain pictures on which an engine is also judged by eye. Scratch form: masks of coins and coffee lie in /tmp. */
import fs from "node:fs";
import { readImage, readMask, type BenchItem } from "./data";
import { dice, promptsFor } from "./scenes";

const PICTURES = "pictures";
const MASKS = "plain-masks";

export async function plainPictures(): Promise<BenchItem[]> {
  const make = async (name: string, mask: Uint8Array, picture: string): Promise<BenchItem> => {
    const image = await readImage(`${PICTURES}/${picture}.jpg`);
    return { set: "plain", name, image, mask, prompts: promptsFor(mask, image.width, image.height, dice(7)) };
  };
  const items = [
    await make("coffee", await readMask(`${MASKS}/coffee-mask.png`), "coffee"),
    await make("gauge", await readMask(`${PICTURES}/gauge-mask.png`), "gauge"),
    await make("belt", await readMask(`${PICTURES}/belt-mask.png`), "belt"),
  ];
  const labels = fs.readFileSync(`${MASKS}/coins-labels.raw`);
  for (let coin = 1; coin <= 23; coin += 1) {
    if (coin === 21) continue;
    items.push(
      await make(
        `coin${coin}`,
        Uint8Array.from(labels, (label) => (label === coin ? 1 : 0)),
        "coins",
      ),
    );
  }
  return items;
}
