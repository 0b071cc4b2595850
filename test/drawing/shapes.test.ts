import assert from "node:assert/strict";
import { boxShapes, canvasOf, outlineShapes, pointShape, ringsPath, toMarkup } from "../../src/drawing/shapes";
import { thinLine } from "../../src/drawing/style";

const SIZE = { width: 200, height: 100 };

describe("the drawing style", () => {
  it("scales with the picture's longer side, but never below 1 px", () => {
    assert.equal(thinLine({ width: 1000, height: 2000 }), 4);
    assert.equal(thinLine(SIZE), 1);
  });

  it("draws a segment as a path with its holes, in pixels", () => {
    const ring = (...corners: [number, number][]) => corners.map(([x, y]) => ({ x, y }));
    const rings = [ring([0, 0], [1, 0], [1, 1]), ring([0.5, 0.25], [0.75, 0.5], [0.751234, 0.3])];
    assert.equal(ringsPath(rings, canvasOf(SIZE)), "M0,0L200,0L200,100ZM100,25L150,50L150.25,30Z");
    assert.equal(ringsPath(rings.slice(1), canvasOf(SIZE, Math.round)), "M100,25L150,50L150,30Z");
  });

  it("draws an outline with a fill, a dark halo and a line in the segment's colour", () => {
    assert.deepEqual(outlineShapes("M0,0Z", "#56B4E9", { ...canvasOf(SIZE), line: 1.5 }).map(toMarkup), [
      '<path d="M0,0Z" fill="#56B4E9" fill-opacity=".35" fill-rule="evenodd"/>',
      '<path d="M0,0Z" fill="none" stroke="#000" stroke-opacity=".6" stroke-width="6" stroke-linejoin="round"/>',
      '<path d="M0,0Z" fill="none" stroke="#56B4E9" stroke-width="3" stroke-linejoin="round"/>',
    ]);
  });

  it("draws a box dashed in black and white", () => {
    const box = { xMin: 0.1, yMin: 0.2, xMax: 0.5, yMax: 0.8 };
    const rect = '<rect x="20" y="20" width="80" height="60" fill="none" stroke-width="1.5"';
    assert.deepEqual(boxShapes(box, canvasOf(SIZE)).map(toMarkup), [
      `${rect} stroke="#000"/>`,
      `${rect} stroke="#fff" stroke-dasharray="6 4"/>`,
    ]);
  });

  it("draws a point with a plus on the object, a minus beside it", () => {
    assert.equal(
      toMarkup(pointShape({ x: 0.5, y: 0.5 }, true, canvasOf(SIZE))),
      '<g transform="translate(100,50)" stroke="#000" stroke-width="1.5"><circle r="6" fill="#fff"/><path d="M-3,0H3M0,-3V3"/></g>',
    );
    assert.equal(
      toMarkup(pointShape({ x: 0.5, y: 0.5 }, false, canvasOf(SIZE))),
      '<g transform="translate(100,50)" stroke="#fff" stroke-width="1.5"><circle r="6" fill="#000"/><path d="M-3,0H3"/></g>',
    );
  });
});
