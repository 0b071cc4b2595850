import type { Scene } from "./scene";

const WIDTH = 640;
const HEIGHT = 480;
const RADIUS = 150;
/** The camera looks at the gauge a little from the side: its circle becomes a tilted ellipse. */
const VIEW = "translate(322 222) rotate(-7) scale(0.94 1) skewX(-3)";

/** The scale runs from `START` over 270° clockwise; degrees from the upward direction. */
const START = -135;
const SWEEP = 270;
const MAXIMUM = 10;
const READING = 6.3;

/** Digits as strokes on a grid 2 wide and 4 high, so that no font is needed. */
const DIGITS: Record<string, string> = {
  "0": "M0 0H2V4H0Z",
  "2": "M0 0H2V2H0V4H2",
  "4": "M0 0V2H2M2 0V4",
  "6": "M2 0H0V4H2V2H0",
  "8": "M0 0H2V4H0ZM0 2H2",
};

/** A pressure gauge on a pipe; the object is the gauge's round body with its rim. */
export function gaugeScene(): Scene {
  return {
    name: "gauge",
    width: WIDTH,
    height: HEIGHT,
    seed: 7,
    drawing: DEFINITIONS + WALL + PIPES + gauge(),
    object: `<circle r="${RADIUS}" transform="${VIEW}"/>`,
  };
}

const DEFINITIONS = `<defs>
  <linearGradient id="wall" x1="0" y1="0" x2="1" y2="1">
    <stop offset="0" stop-color="#a9b0a6"/><stop offset="1" stop-color="#6f786f"/></linearGradient>
  <linearGradient id="pipe" x1="0" y1="0" x2="0" y2="1">
    <stop offset="0" stop-color="#3c5560"/><stop offset="0.3" stop-color="#9fb6bd"/>
    <stop offset="0.6" stop-color="#587580"/><stop offset="1" stop-color="#22323a"/></linearGradient>
  <linearGradient id="brass" x1="0" y1="0" x2="1" y2="0">
    <stop offset="0" stop-color="#6b4f1d"/><stop offset="0.35" stop-color="#e2c37a"/>
    <stop offset="0.7" stop-color="#a77f35"/><stop offset="1" stop-color="#4c3812"/></linearGradient>
  <linearGradient id="rim" x1="0" y1="0" x2="1" y2="1">
    <stop offset="0" stop-color="#f2f4f5"/><stop offset="0.45" stop-color="#7d848a"/>
    <stop offset="0.7" stop-color="#c3c8cc"/><stop offset="1" stop-color="#3f454a"/></linearGradient>
  <radialGradient id="face" cx="0.4" cy="0.35" r="0.8">
    <stop offset="0" stop-color="#fbfaf3"/><stop offset="1" stop-color="#cfccbf"/></radialGradient>
  <filter id="soft" x="-50%" y="-50%" width="200%" height="200%"><feGaussianBlur stdDeviation="11"/></filter>
  <filter id="plaster" x="0" y="0" width="100%" height="100%">
    <feTurbulence type="fractalNoise" baseFrequency="0.05" numOctaves="4" seed="3"/>
    <feColorMatrix values="0 0 0 0 0  0 0 0 0 0  0 0 0 0 0  0 0 0 0.55 -0.12"/></filter>
</defs>`;

const WALL = `<rect width="${WIDTH}" height="${HEIGHT}" fill="url(#wall)"/>
  <rect width="${WIDTH}" height="${HEIGHT}" filter="url(#plaster)" opacity="0.6"/>`;

const PIPES = `<g>
  <ellipse cx="345" cy="250" rx="160" ry="158" fill="black" opacity="0.5" filter="url(#soft)"/>
  <rect y="425" width="${WIDTH}" height="26" fill="black" opacity="0.4" filter="url(#soft)"/>
  <rect y="392" width="${WIDTH}" height="44" fill="url(#pipe)"/>
  <rect x="298" y="384" width="84" height="60" fill="url(#pipe)"/>
  <rect x="322" y="352" width="36" height="36" fill="url(#brass)"/>
  <path d="M310 366h60v18h-60z" fill="url(#brass)" stroke="#4c3812"/>
</g>`;

function gauge(): string {
  return `<g transform="${VIEW}">
    <circle r="${RADIUS}" fill="url(#rim)"/>
    <circle r="${RADIUS - 16}" fill="#4a5055"/>
    <circle r="${RADIUS - 20}" fill="url(#face)"/>
    ${arc(8, MAXIMUM, "#c0392b")}${arc(0, 4, "#3f8f4f")}
    ${Array.from({ length: MAXIMUM * 5 + 1 }, (_, index) => tick(index / 5)).join("")}
    ${Object.keys(DIGITS).map(digit).join("")}
    ${needle("black", 5, 0.3)}${needle("#1b1b1b", 0, 1)}
    <path d="M-104 -60A120 120 0 0 1 20 -118L-20 -20Z" fill="white" opacity="0.16"/>
  </g>`;
}

function angle(value: number): number {
  return START + (value / MAXIMUM) * SWEEP;
}

/** A place on the dial, at a distance from its middle. */
function place(value: number, distance: number): { x: number; y: number } {
  const radians = (angle(value) * Math.PI) / 180;
  return { x: distance * Math.sin(radians), y: -distance * Math.cos(radians) };
}

function arc(from: number, to: number, color: string): string {
  const radius = 112;
  const start = place(from, radius);
  const end = place(to, radius);
  return `<path d="M${start.x} ${start.y}A${radius} ${radius} 0 0 1 ${end.x} ${end.y}" fill="none" stroke="${color}" stroke-width="9"/>`;
}

function tick(value: number): string {
  const long = Number.isInteger(value);
  return `<path d="M0 -${long ? 98 : 107}V-118" transform="rotate(${angle(value)})" stroke="#222" stroke-width="${long ? 3 : 1.3}"/>`;
}

function digit(text: string): string {
  const { x, y } = place(Number(text), 80);
  return `<path d="${DIGITS[text] ?? ""}" transform="translate(${x - 6} ${y - 11}) scale(5.5)" fill="none" stroke="#222" stroke-width="0.5"/>`;
}

function needle(color: string, offset: number, opacity: number): string {
  return `<g transform="translate(${offset} ${offset}) rotate(${angle(READING)})" fill="${color}" opacity="${opacity}">
    <path d="M-4 28L-1.5 -100L1.5 -100L4 28Z"/><circle r="11"/></g>`;
}
