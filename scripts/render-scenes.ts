// Draws the rendered pictures of the folder pictures and their masks. Run by hand after a change: npm run scenes
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beltScene } from "./scenes/belt";
import { mask, photograph } from "./scenes/camera";
import { gaugeScene } from "./scenes/gauge";

async function render(): Promise<void> {
  const folder = join(__dirname, "..", "pictures");
  for (const scene of [gaugeScene(), beltScene()]) {
    await writeFile(join(folder, `${scene.name}.jpg`), await photograph(scene));
    await writeFile(join(folder, `${scene.name}-mask.png`), await mask(scene));
    console.log(`${scene.name}: ${scene.width} × ${scene.height}`);
  }
}

void render();
