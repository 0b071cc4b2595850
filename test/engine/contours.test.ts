import assert from "node:assert/strict";
import fc from "fast-check";
import { intersectionOverUnion, rasterize } from "../../tools/rasterize";
import type { ImageSize, Polygon } from "../../src/api";
import { tracePolygons, type SoftMask } from "../../src/engine/contours";

/** A field that covers the picture, from a function of the position in cells. */
function field(width: number, height: number, at: (x: number, y: number) => number): SoftMask {
  const values = new Float32Array(width * height);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) values[row * width + column] = at(column + 0.5, row + 0.5);
  }
  return { values, width, height, left: 0, top: 0, picture: { width, height } };
}

/** A part of a field. */
function windowOf({ values, width, picture }: SoftMask, left: number, top: number, size: ImageSize): SoftMask {
  const part = Float32Array.from({ length: size.width * size.height }, (_, index) => {
    const row = top + Math.floor(index / size.width);
    return values[row * width + left + (index % size.width)]!;
  });
  return { values: part, ...size, left, top, picture };
}

const disc =
  (centreX: number, centreY: number, radius: number) =>
  (x: number, y: number): number =>
    radius - Math.hypot(x - centreX, y - centreY);

/** Area in px²: positive when it runs clockwise on the screen. */
function area({ vertices }: Polygon, { width, height }: ImageSize): number {
  const sum = vertices.reduce((total, from, index) => {
    const to = vertices[(index + 1) % vertices.length]!;
    return total + (from.x * to.y - to.x * from.y);
  }, 0);
  return (sum / 2) * width * height;
}

function corners(polygon: Polygon): [number, number][] {
  return polygon.vertices.map(({ x, y }): [number, number] => [x, y]).sort(([ax, ay], [bx, by]) => ax - bx || ay - by);
}

/** The field above 0 at the middle of each pixel, by bilinear interpolation. */
function maskOf({ values, width, height }: SoftMask, size: ImageSize): Uint8Array {
  const clamp = (cell: number, cells: number): number => Math.min(cells - 1, Math.max(0, cell));
  const at = (column: number, row: number): number => values[clamp(row, height) * width + clamp(column, width)]!;
  return Uint8Array.from({ length: size.width * size.height }, (_, index) => {
    const x = (((index % size.width) + 0.5) / size.width) * width - 0.5;
    const y = ((Math.floor(index / size.width) + 0.5) / size.height) * height - 0.5;
    const [left, top] = [Math.floor(x), Math.floor(y)];
    const [dx, dy] = [x - left, y - top];
    const upper = at(left, top) * (1 - dx) + at(left + 1, top) * dx;
    const lower = at(left, top + 1) * (1 - dx) + at(left + 1, top + 1) * dx;
    return upper * (1 - dy) + lower * dy > 0 ? 1 : 0;
  });
}

describe("tracePolygons", () => {
  const size = { width: 1024, height: 768 };

  it("puts the outline where the field crosses 0, to a fraction of a pixel", async () => {
    const [polygon, ...others] = await tracePolygons(field(256, 192, disc(100.3, 80.7, 40)), size);
    assert.equal(others.length, 0);
    for (const { x, y } of polygon!.vertices) {
      const distance = Math.hypot(x * 1024 - 4 * 100.3, y * 768 - 4 * 80.7);
      assert.ok(Math.abs(distance - 160) < 0.1, `a vertex at ${distance} px from the centre, not at 160`);
    }
    const expected = Math.PI * 160 ** 2;
    assert.ok(Math.abs(area(polygon!, size) - expected) < 0.003 * expected);
    assert.ok(polygon!.vertices.length < 100);
  });

  it("finds nothing in an empty field, nor in one that is 0 everywhere", async () => {
    assert.deepEqual(
      await tracePolygons(
        field(256, 256, () => -1),
        size,
      ),
      [],
    );
    assert.deepEqual(
      await tracePolygons(
        field(256, 256, () => 0),
        size,
      ),
      [],
    );
  });

  it("gives the whole picture exactly four corners", async () => {
    for (const [width, height] of [
      [256, 256],
      [256, 171],
      [1, 256],
      [256, 2],
    ] as const) {
      const [polygon, ...others] = await tracePolygons(
        field(width, height, () => 3),
        { width: 640, height: 480 },
      );
      assert.equal(others.length, 0);
      assert.deepEqual(corners(polygon!), [
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
      ]);
    }
  });

  it("reaches the border exactly where the mask does", async () => {
    const half = await tracePolygons(
      field(256, 171, (x) => 100 - x),
      size,
    );
    assert.deepEqual(corners(half[0]!), [
      [0, 0],
      [0, 1],
      [0.390625, 0],
      [0.390625, 1],
    ]);
    const [cut] = await tracePolygons(field(200, 150, disc(200, 150, 60)), size);
    assert.equal(Math.max(...cut!.vertices.map(({ x }) => x)), 1);
    assert.equal(Math.max(...cut!.vertices.map(({ y }) => y)), 1);
    assert.ok(
      cut!.vertices.some(({ x, y }) => x === 1 && y === 1),
      "the picture's corner belongs to the mask",
    );
  });

  it("gives the same outline for a window that holds the object", async () => {
    const whole = field(256, 192, disc(100.3, 180, 40));
    const part = windowOf(whole, 50, 130, { width: 110, height: 62 });
    assert.deepEqual(await tracePolygons(part, size), await tracePolygons(whole, size));
  });

  it("runs outer rings clockwise on the screen, each followed by its holes, counter-clockwise", async () => {
    const ring = (x: number, y: number): number => Math.min(disc(70, 90, 50)(x, y), -disc(70, 90, 20)(x, y));
    const polygons = await tracePolygons(
      field(256, 192, (x, y) => Math.max(ring(x, y), disc(190, 90, 30)(x, y))),
      size,
    );
    assert.deepEqual(
      polygons.map((polygon) => Math.sign(area(polygon, size))),
      polygons.map((polygon) => (Math.abs(area(polygon, size)) < 25_000 ? -1 : 1)),
    );
    const middles = polygons.map(({ vertices }) => vertices.reduce((sum, { x }) => sum + x, 0) / vertices.length);
    const hole = polygons.findIndex((polygon) => area(polygon, size) < 0);
    assert.equal(polygons.length, 3);
    assert.ok(Math.abs(middles[hole]! - middles[hole - 1]!) < 0.05, "the ring before the hole is the one round it");
  });

  it("drops what is smaller than 1 px², and keeps a picture of one pixel", async () => {
    const speck = field(256, 256, disc(100.5, 100.5, 0.4));
    assert.deepEqual(await tracePolygons(speck, { width: 256, height: 256 }), []);
    assert.equal((await tracePolygons(speck, { width: 2560, height: 2560 })).length, 1);
    const [one] = await tracePolygons(
      field(256, 256, () => 1),
      { width: 1, height: 1 },
    );
    assert.equal(one!.vertices.length, 4);
  });

  it("keeps to 1000 vertices a ring", async () => {
    const star = (x: number, y: number): number => {
      const angle = Math.atan2(y - 128, x - 128);
      return 90 + 25 * Math.sin(180 * angle) - Math.hypot(x - 128, y - 128);
    };
    const polygons = await tracePolygons(field(256, 256, star), { width: 8000, height: 6000 });
    const most = Math.max(...polygons.map(({ vertices }) => vertices.length));
    assert.ok(most > 300 && most <= 1000, `${most} vertices`);
  });

  it("loses at most .005 IoU against the mask, for any blobs with holes", async () => {
    const position = fc.double({ min: 0.05, max: 0.95, noNaN: true });
    const blob = fc.record({ x: position, y: position, radius: fc.double({ min: 6, max: 60, noNaN: true }) });
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          blobs: fc.array(blob, { minLength: 1, maxLength: 6 }),
          holes: fc.array(blob, { maxLength: 3 }),
          height: fc.integer({ min: 200, max: 1024 }),
        }),
        async ({ blobs, holes, height }) => {
          const rows = Math.round(height / 4);
          const largest = (discs: typeof blobs, x: number, y: number): number =>
            Math.max(-99, ...discs.map((each) => disc(each.x * 256, each.y * rows, each.radius)(x, y)));
          const mask = field(256, rows, (x, y) => Math.min(largest(blobs, x, y), -largest(holes, x, y)));
          const imageSize = { width: 1024, height };
          const expected = maskOf(mask, imageSize);
          fc.pre(expected.reduce((sum, inside) => sum + inside, 0) > 1500);
          const polygons = await tracePolygons(mask, imageSize);
          const iou = intersectionOverUnion(rasterize(polygons, imageSize), expected);
          assert.ok(iou >= 0.995, `IoU ${iou}`);
          for (const { vertices } of polygons) {
            assert.ok(vertices.length >= 3 && vertices.length <= 1000);
            assert.ok(vertices.every(({ x, y }) => x >= 0 && x <= 1 && y >= 0 && y <= 1));
          }
        },
      ),
      { numRuns: 30 },
    );
  });
});
