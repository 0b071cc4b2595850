/**
 * Digits as lines, so that a score can be drawn on machines without any font (containers seldom have one). Each glyph
 * fills a box 1 wide and 2 high, y down.
 */
const GLYPHS: Record<string, string> = {
  "0": "M0,0H1V2H0Z",
  "1": "M.2,.4L.6,0V2",
  "2": "M0,0H1V1H0V2H1",
  "3": "M0,0H1V2H0M0,1H1",
  "4": "M0,0V1H1M1,0V2",
  "5": "M1,0H0V1H1V2H0",
  "6": "M1,0H0V2H1V1H0",
  "7": "M0,0H1L.4,2",
  "8": "M0,0H1V2H0ZM0,1H1",
  "9": "M1,1H0V0H1V2H0",
  ".": "M.5,2V2.01",
};
/** From glyph to glyph, in glyph widths. */
const ADVANCE = 1.7;
/** Height of a glyph. */
const HEIGHT = 2;

/**
 * The label of a number as an SVG group with its top left at (x, y): white digits on a dark plate.
 * @param text digits and points only
 * @param height of the plate in px
 */
export function numberLabel(text: string, x: number, y: number, height: number): string {
  const unit = height / (HEIGHT + 2);
  const glyphs = Array.from(
    text,
    (character, index) => `<path transform="translate(${1 + index * ADVANCE},1)" d="${GLYPHS[character] ?? ""}"/>`,
  );
  return (
    `<g transform="translate(${x},${y}) scale(${unit})">` +
    `<rect width="${labelWidth(text, HEIGHT + 2)}" height="${HEIGHT + 2}" rx=".5" fill="#000" fill-opacity=".75"/>` +
    `<g fill="none" stroke="#fff" stroke-width=".3" stroke-linecap="round" stroke-linejoin="round">${glyphs.join("")}</g></g>`
  );
}

/** Width in px of the label of that height. */
export function labelWidth(text: string, height: number): number {
  return ((2 + (text.length - 1) * ADVANCE + 1) * height) / (HEIGHT + 2);
}
