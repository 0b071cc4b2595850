/** The convex hull of pixels that are added row by row, top down: only the ends of each row matter. */
export class Hull {
  private readonly left: [number, number][] = [];
  private readonly right: [number, number][] = [];

  add(x: number, y: number): void {
    const last = this.right[this.right.length - 1];
    if (last?.[1] === y) last[0] = x + 1;
    else {
      this.left.push([x, y]);
      this.right.push([x + 1, y]);
    }
  }

  /** Area of the hull of the pixels' squares, in pixels (Andrew's monotone chain). */
  area(): number {
    const corners = (side: [number, number][]): [number, number][] =>
      side.flatMap(([x, y]): [number, number][] => [
        [x, y],
        [x, y + 1],
      ]);
    return areaBetween(chain(corners(this.left), -1), chain(corners(this.right), 1));
  }
}

/** The outermost chain of points by rising y: to the left (side −1) or to the right (side 1). */
function chain(points: [number, number][], side: -1 | 1): [number, number][] {
  const kept: [number, number][] = [];
  for (const point of points) {
    while (kept.length >= 2 && side * turn(kept[kept.length - 2]!, kept[kept.length - 1]!, point) <= 0) kept.pop();
    kept.push(point);
  }
  return kept;
}

/** > 0 where the way a → b → c bends to the left of a picture whose y axis points down (to larger x first). */
function turn(a: [number, number], b: [number, number], c: [number, number]): number {
  return (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0]);
}

/** Area of the polygon that goes down the right chain and up the left one (Gauss's shoelace formula). */
function areaBetween(left: [number, number][], right: [number, number][]): number {
  const ring = [...right, ...left.reverse()];
  let twice = 0;
  ring.forEach(([x, y], i) => {
    const [nextX, nextY] = ring[(i + 1) % ring.length]!;
    twice += x * nextY - nextX * y;
  });
  return Math.abs(twice) / 2;
}
