import sharp from "sharp";
import { gaussian, randomNumbers } from "../random";
import type { Scene } from "./scene";

/** Drawn this many times larger, then reduced, so that edges are mixed as a camera's pixels mix them. */
const OVERSAMPLING = 3;
/** Standard deviation of the sensor's noise, in grey levels of 255. */
const NOISE = 5;

/** Draws a scene as a camera would take it: soft edges, light that falls off to the corners, noise, JPEG. */
export async function photograph(scene: Scene): Promise<Buffer> {
  const { width, height } = scene;
  const pixels = await sharp(document(scene, scene.drawing + lightFalloff(scene)))
    .resize(width, height, { kernel: "cubic" })
    .blur(0.6)
    .removeAlpha()
    .raw()
    .toBuffer();
  addNoise(pixels, scene.seed);
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 88, mozjpeg: true })
    .toBuffer();
}

/** The object's mask as a PNG: white where it covers at least half of a pixel, else black. */
export async function mask(scene: Scene): Promise<Buffer> {
  const background = `<rect width="${scene.width}" height="${scene.height}" fill="black"/>`;
  return sharp(document(scene, `${background}<g fill="white" stroke="none">${scene.object}</g>`))
    .resize(scene.width, scene.height, { kernel: "linear" })
    .greyscale()
    .threshold(128)
    .png({ palette: true, colours: 2, compressionLevel: 9 })
    .toBuffer();
}

function document({ width, height }: Scene, elements: string): Buffer {
  const scale = OVERSAMPLING;
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width * scale}" height="${height * scale}" ` +
      `viewBox="0 0 ${width} ${height}">${elements}</svg>`,
  );
}

function lightFalloff({ width, height }: Scene): string {
  return `<radialGradient id="falloff" cx="0.42" cy="0.38" r="0.75">
      <stop offset="0.45" stop-color="black" stop-opacity="0"/><stop offset="1" stop-color="black" stop-opacity="0.45"/>
    </radialGradient><rect width="${width}" height="${height}" fill="url(#falloff)"/>`;
}

function addNoise(pixels: Buffer, seed: number): void {
  const random = randomNumbers(seed);
  for (let i = 0; i < pixels.length; i += 3) {
    const grey = gaussian(random) * NOISE;
    for (let channel = i; channel < i + 3; channel++) {
      const value = (pixels[channel] ?? 0) + grey + (gaussian(random) * NOISE) / 2;
      pixels[channel] = Math.max(0, Math.min(255, Math.round(value)));
    }
  }
}
