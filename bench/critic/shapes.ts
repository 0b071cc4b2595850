/** Signed distance to an outline of about radius 1 around (0, 0), below 0 inside. */
export type Shape = (x: number, y: number) => number;

type Random = () => number;

/** Round and bumpy, ring, nut, bracket, bolt, plate. */
const KINDS: ((random: Random) => Shape)[] = [
  (random) => {
    const squash = 0.85 + 0.15 * random();
    const bump = 0.06 * random();
    const phase = 6 * random();
    return (x, y) => Math.hypot(x, y / squash) - 1 + bump * Math.sin(3 * Math.atan2(y, x) + phase);
  },
  (random) => {
    const hole = 0.25 + 0.25 * random();
    return (x, y) => Math.max(Math.hypot(x, y) - 1, hole - Math.hypot(x, y));
  },
  (random) => {
    const hole = 0.5 * random();
    return (x, y) => {
      const hexagon = Math.max(Math.abs(x), Math.abs(x) / 2 + Math.abs(y) * 0.866) - 0.87;
      return Math.max(hexagon, hole - Math.hypot(x, y));
    };
  },
  (random) => {
    const arm = 0.2 + 0.15 * random();
    return union(rectangle(-1 + arm, 0, arm, 1), rectangle(0, 1 - arm, 1, arm));
  },
  (random) => {
    const thick = 0.12 + 0.1 * random();
    return union(rectangle(0, 0, 1, thick), rectangle(-0.8, 0, 0.2, thick * 2));
  },
  (random) => rectangle(0, 0, 1, 0.4 + 0.6 * random()),
];

export function randomShape(random: Random): Shape {
  const kind = KINDS[Math.floor(random() * KINDS.length)];
  if (kind === undefined) throw new Error("The random number is not below 1.");
  return kind(random);
}

function rectangle(centreX: number, centreY: number, halfWidth: number, halfHeight: number): Shape {
  return (x, y) => Math.max(Math.abs(x - centreX) - halfWidth, Math.abs(y - centreY) - halfHeight);
}

function union(a: Shape, b: Shape): Shape {
  return (x, y) => Math.min(a(x, y), b(x, y));
}
