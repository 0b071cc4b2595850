// Draws the rendered pictures of the folder pictures and their masks. Run by hand after a change: npm run scenes
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beltScene } from "../tools/scenes/belt";
import { mask, photograph } from "../tools/scenes/camera";
import { gaugeScene } from "../tools/scenes/gauge";

async function render(): Promise<void> {
  const folder = join(__dirname, "..", "pictures");
  for (const scene of [gaugeScene(), beltScene()]) {
    await writeFile(join(folder, `${scene.name}.jpg`), await photograph(scene));
    await writeFile(join(folder, `${scene.name}-mask.png`), await mask(scene));
    console.log(`${scene.name}: ${scene.width} × ${scene.height}`);
  }
}

void render();
