/** Okabe and Ito's colours: bright ones that people with every kind of colour blindness tell apart. */
const PALETTE = ["#56B4E9", "#E69F00", "#009E73", "#F0E442", "#CC79A7", "#D55E00"] as const;

/** The colour of the segment with that index in every drawing, as `#RRGGBB`. */
export function segmentColour(index: number): string {
  return PALETTE[index % PALETTE.length] ?? PALETTE[0];
}
