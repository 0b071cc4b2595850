import sharp from "sharp";
import { beltScene } from "./scenes/belt";
import { photograph } from "./scenes/camera";

const WIDTH = 1280;
const HEIGHT = 720;
/** How far the belt has moved in each picture, in pixels of the scene: back and forth. */
const SHIFTS = [-30, -20, -10, 0, 10, 20, 30, 20, 10, 0, -10, -20];
/** Marker of a comment in a JPEG. */
const COMMENT = 0xfffe;

/** A point that is on the middle part in all pictures, in fractions. */
export const ON_THE_PART = { x: 0.46, y: 0.575 };

/** Takes pictures of parts on a conveyor belt that moves, 1280 × 720, as JPEG. */
export async function takePictures(count = SHIFTS.length): Promise<Buffer[]> {
  const pictures: Buffer[] = [];
  for (const shift of SHIFTS.slice(0, count)) {
    const scene = await photograph(beltScene(shift));
    pictures.push(await sharp(scene).resize(WIDTH, HEIGHT, { fit: "cover" }).jpeg({ quality: 85 }).toBuffer());
  }
  return pictures;
}

/** The same picture with a number in a comment, so that its bytes are new. */
export function numbered(jpeg: Buffer, number: number): Buffer {
  const comment = Buffer.alloc(8);
  comment.writeUInt16BE(COMMENT, 0);
  comment.writeUInt16BE(6, 2); // its length, with these two bytes
  comment.writeUInt32BE(number, 4);
  return Buffer.concat([jpeg.subarray(0, 2), comment, jpeg.subarray(2)]);
}
