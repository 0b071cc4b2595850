import assert from "node:assert/strict";
import {
  boxBetween,
  EMPTY,
  History,
  isEmpty,
  moved,
  placeIn,
  pointAt,
  readDrawing,
  refusesPoints,
  toFields,
  toPrompt,
  withBox,
  withoutPoint,
  withPoint,
  type Drawing,
  type Fields,
} from "../../../../nodes/start/editor/prompt-drawing";
import { buildJobs } from "../../../../src/prompt";

const SIZE = { width: 200, height: 100 };
const BOX = { xMin: 0.1, yMin: 0.2, xMax: 0.3, yMax: 0.4 };
const OTHER = { xMin: 0.5, yMin: 0.5, xMax: 0.9, yMax: 0.9 };

function fields(points: unknown, boxes: unknown, units = "fraction"): Fields {
  const field = (value: unknown) => ({ value: value === undefined ? "" : JSON.stringify(value), type: "json" });
  return { points: field(points), boxes: field(boxes), units };
}

describe("a drawing", () => {
  it("is immutable: each step makes a new one", () => {
    const point = withPoint(EMPTY, { x: 0.5, y: 0.5 }, 0);
    const both = withBox(point, BOX);
    assert.deepEqual(both, { points: [{ x: 0.5, y: 0.5, label: 0 }], boxes: [{ ...BOX, rest: {} }] });
    assert.deepEqual(withoutPoint(both, 0).points, []);
    assert.equal(both.points.length, 1);
    assert.ok(isEmpty(EMPTY) && !isEmpty(point));
  });

  it("holds several boxes, or one box with points, as the service accepts them", () => {
    const boxes = withBox(withBox(EMPTY, BOX), OTHER);
    assert.equal(boxes.boxes.length, 2);
    assert.ok(refusesPoints(boxes));
    const one = withBox(withPoint(EMPTY, { x: 0.2, y: 0.3 }, 1), BOX);
    assert.ok(!refusesPoints(one));
    const replaced = withBox(one, OTHER);
    assert.deepEqual(toPrompt(replaced).boxes, [OTHER]);
    for (const drawing of [boxes, one, replaced]) {
      buildJobs({ files: [1], ...toPrompt(drawing), units: "fraction" }); // else it throws
    }
  });

  it("undoes step by step, back to the start and no further", () => {
    const first = withPoint(EMPTY, { x: 0.1, y: 0.1 }, 1);
    const history = new History(first);
    assert.equal(history.canUndo, false);
    history.add(withBox(first, BOX));
    history.add(EMPTY);
    history.undo();
    assert.equal(history.current.boxes.length, 1);
    history.undo();
    history.undo();
    assert.equal(history.current, first);
  });
});

describe("places on the picture", () => {
  it("are fractions of the shown picture, and never outside", () => {
    const shown = { left: 100, top: 50, width: 400, height: 200 };
    assert.deepEqual(placeIn(shown, { clientX: 200, clientY: 100 }), { x: 0.25, y: 0.25 });
    assert.deepEqual(placeIn(shown, { clientX: 0, clientY: 900 }), { x: 0, y: 1 });
    assert.deepEqual(placeIn({ ...shown, width: 3 }, { clientX: 101, clientY: 50 }), { x: 0.3333, y: 0 });
    assert.deepEqual(moved({ x: 0.99, y: 0.3 }, 0.05, -0.01), { x: 1, y: 0.29 });
  });

  it("span a box from any two corners, and none without a width", () => {
    assert.deepEqual(boxBetween({ x: 0.3, y: 0.2 }, { x: 0.1, y: 0.4 }), BOX);
    assert.equal(boxBetween({ x: 0.3, y: 0.2 }, { x: 0.3, y: 0.4 }), undefined);
  });

  it("hit the newest point whose mark is there, by pixels of the screen", () => {
    const drawing = withPoint(withPoint(EMPTY, { x: 0.5, y: 0.5 }, 1), { x: 0.52, y: 0.5 }, 0);
    assert.equal(pointAt(drawing, { x: 0.51, y: 0.5 }, SIZE, 9), 1);
    assert.equal(pointAt(drawing, { x: 0.47, y: 0.5 }, SIZE, 9), 0);
    assert.equal(pointAt(drawing, { x: 0.5, y: 0.6 }, SIZE, 9), -1, "10 pixels below");
  });
});

describe("the fields of a node", () => {
  it("are drawn in every form that a message may have", () => {
    const forms = [BOX, [0.1, 0.2, 0.3, 0.4], { left: 0.1, top: 0.2, right: 0.3, bottom: 0.4 }];
    for (const form of forms) assert.deepEqual(toPrompt(readDrawing(fields(undefined, form), SIZE)).boxes, [BOX]);
    const points = [[0.1, 0.2], { x: 0.3, y: 0.4, label: 0 }];
    assert.deepEqual(readDrawing(fields(points, undefined), SIZE).points, [
      { x: 0.1, y: 0.2, label: 1 },
      { x: 0.3, y: 0.4, label: 0 },
    ]);
  });

  it("are scaled from pixels by the picture's size", () => {
    const drawing = readDrawing(fields([50, 50], [20, 20, 60, 40], "pixel"), SIZE);
    assert.deepEqual(drawing.points, [{ x: 0.25, y: 0.5, label: 1 }]);
    assert.deepEqual(toPrompt(drawing).boxes, [BOX]);
  });

  it("are written in fractions; one box is an object, as an array would number the messages", () => {
    const drawing = withBox(withPoint(EMPTY, { x: 1 / 3, y: 0.5 }, 0), BOX);
    assert.deepEqual(toFields(drawing), {
      points: '[{"x":0.3333,"y":0.5,"label":0}]',
      boxes: JSON.stringify(BOX),
    });
    assert.deepEqual(toFields(withBox(withBox(EMPTY, BOX), OTHER)), {
      points: "",
      boxes: JSON.stringify([BOX, OTHER]),
    });
    assert.deepEqual(toFields(EMPTY), { points: "", boxes: "" });
  });

  it("are written as they were read, with the other properties of a box", () => {
    const drawing: Drawing = {
      points: [],
      boxes: [
        { ...BOX, rest: { label: "cup" } },
        { ...OTHER, rest: { trackId: 7 } },
      ],
    };
    const { points, boxes } = toFields(drawing);
    const json = { points: { value: points, type: "json" }, boxes: { value: boxes, type: "json" } };
    assert.deepEqual(readDrawing({ ...json, units: "fraction" }, SIZE), drawing);
  });

  it("include the points of a single box, and refuse those of several", () => {
    const box = { ...BOX, points: [[0.2, 0.3]], label: "cup" };
    const drawing = readDrawing(fields([0.25, 0.3, 0], box), SIZE);
    assert.deepEqual(drawing.points.map(({ label }) => label).sort(), [0, 1]); // prettier-ignore
    assert.deepEqual(drawing.boxes[0]?.rest, { label: "cup" });
    assert.throws(() => readDrawing(fields(undefined, [box, OTHER]), SIZE), /points of their own/);
  });

  it("are ignored when the prompt is in the message, and refused with a reason when they are invalid", () => {
    const message = { value: "payload.points", type: "msg" };
    assert.deepEqual(readDrawing({ points: message, boxes: message, units: "fraction" }, SIZE), EMPTY);
    assert.throws(() => readDrawing(fields([2, 0.5], undefined), SIZE), /points\.x.*outside/);
    assert.throws(() => readDrawing({ ...fields(undefined, undefined), points: { value: "[", type: "json" } }, SIZE));
  });
});
