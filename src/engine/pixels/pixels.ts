/** 8 bit RGB pixels, row by row: `data.length === 3 * width * height`. */
export interface Pixels {
  data: Uint8Array;
  width: number;
  height: number;
}
