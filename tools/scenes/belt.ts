import type { Scene } from "./scene";
import { randomNumbers } from "../random";

const WIDTH = 720;
const HEIGHT = 480;

/** Outlines around (0, 0) in pixels; holes run the same way round and are cut by the even-odd rule. */
const SHAPES = {
  bracket: `M-78 -58H-28V12H72V60H-66A12 12 0 0 1 -78 48Z ${hole(-53, -34, 6)} ${hole(45, 36, 6)}`,
  nut: `M0 -36L31 -18V18L0 36L-31 18V-18Z ${hole(0, 0, 19)}`,
  washer: `${hole(0, 0, 40)} ${hole(0, 0, 17)}`,
  bolt: "M-16 -48H16V-18H9V58L5 64H-5L-9 58V-18H-16Z",
} as const;

interface Part {
  shape: keyof typeof SHAPES;
  x: number;
  y: number;
  degrees: number;
}

const CHOSEN: Part = { shape: "bracket", x: 372, y: 246, degrees: 24 };
const OTHERS: Part[] = [
  { shape: "washer", x: 118, y: 148, degrees: 0 },
  { shape: "nut", x: 232, y: 330, degrees: 12 },
  { shape: "bolt", x: 226, y: 154, degrees: 63 },
  { shape: "bracket", x: 590, y: 158, degrees: 190 },
  { shape: "nut", x: 430, y: 118, degrees: 40 },
  { shape: "washer", x: 560, y: 322, degrees: 0 },
  { shape: "bolt", x: 96, y: 318, degrees: -20 },
  { shape: "nut", x: 668, y: 300, degrees: 5 },
];

/**
 * Metal parts on a conveyor belt, seen from above; the object is the bracket in the middle, without its holes.
 * @param shift how far the belt has moved to the right, in pixels
 */
export function beltScene(shift = 0): Scene {
  const moved = (parts: Part[]): Part[] => parts.map((each) => ({ ...each, x: each.x + shift }));
  return {
    name: "belt",
    width: WIDTH,
    height: HEIGHT,
    seed: 11,
    drawing:
      DEFINITIONS +
      belt() +
      moved([...OTHERS, CHOSEN])
        .map(part)
        .join(""),
    object: moved([CHOSEN])
      .map((each) => outline(each, ""))
      .join(""),
  };
}

const DEFINITIONS = `<defs>
  <linearGradient id="rubber" x1="0" y1="0" x2="0" y2="1">
    <stop offset="0" stop-color="#3d4143"/><stop offset="0.4" stop-color="#4c5053"/><stop offset="1" stop-color="#303335"/>
  </linearGradient>
  <linearGradient id="rail" x1="0" y1="0" x2="0" y2="1">
    <stop offset="0" stop-color="#8d9498"/><stop offset="0.35" stop-color="#d7dcdf"/><stop offset="1" stop-color="#5b6266"/>
  </linearGradient>
  <linearGradient id="steel" x1="0" y1="0" x2="1" y2="0.8">
    <stop offset="0" stop-color="#dfe3e4"/><stop offset="0.5" stop-color="#a4abae"/><stop offset="1" stop-color="#868d91"/>
  </linearGradient>
  <filter id="shadow" x="-50%" y="-50%" width="200%" height="200%"><feGaussianBlur stdDeviation="5"/></filter>
  <filter id="weave" x="0" y="0" width="100%" height="100%">
    <feTurbulence type="fractalNoise" baseFrequency="0.35 0.09" numOctaves="3" seed="5"/>
    <feColorMatrix values="0 0 0 0 1  0 0 0 0 1  0 0 0 0 1  0 0 0 0.5 -0.2"/></filter>
</defs>`;

function belt(): string {
  const random = randomNumbers(23);
  const scratches = Array.from({ length: 14 }, () => {
    const x = random() * WIDTH;
    const y = 60 + random() * (HEIGHT - 120);
    return `<path d="M${x} ${y}l${60 + random() * 120} ${random() * 6 - 3}" stroke="#fff" stroke-width="0.8" opacity="${0.05 + random() * 0.12}"/>`;
  });
  return `<rect width="${WIDTH}" height="${HEIGHT}" fill="url(#rubber)"/>
    <rect width="${WIDTH}" height="${HEIGHT}" filter="url(#weave)" opacity="0.35"/>${scratches.join("")}
    <rect y="38" width="${WIDTH}" height="14" fill="black" opacity="0.6" filter="url(#shadow)"/>
    <rect width="${WIDTH}" height="40" fill="url(#rail)"/>
    <rect y="${HEIGHT - 40}" width="${WIDTH}" height="40" fill="url(#rail)"/>`;
}

function part(which: Part): string {
  return `<g transform="translate(9 11)">${outline(which, 'fill="black" opacity="0.7" filter="url(#shadow)"')}</g>
    ${outline(which, 'fill="url(#steel)" stroke="#5d6468" stroke-width="1"')}`;
}

function outline({ shape, x, y, degrees }: Part, style: string): string {
  return `<path d="${SHAPES[shape]}" fill-rule="evenodd" transform="translate(${x} ${y}) rotate(${degrees})" ${style}/>`;
}

function hole(x: number, y: number, radius: number): string {
  return `M${x - radius} ${y}a${radius} ${radius} 0 1 0 ${2 * radius} 0a${radius} ${radius} 0 1 0 ${-2 * radius} 0Z`;
}
