import assert from "node:assert/strict";
import fc from "fast-check";
import { SegmentError } from "../../src/api";
import { cameraBox } from "../../src/prompt";

const SIZE = { width: 1280, height: 720 };
const AXIS = {
  channel_id: 1,
  class: { type: "Human", score: 0.6 },
  crop_box: { bottom: 0.5468, left: 0.193, right: 0.2712, top: 0.4739 },
  data: "/9j/",
  id: "57fcc8fe-a555-4905-bce1-dbcc7fb400d5",
  object_track_id: "ad57dd04-cbe5-44df-8de3-222d1d33c3e9",
  timestamp: "1984-02-06T20:17:41.551914Z",
};
const AFTER = { id: "1607123955.475377-mxklsc", camera: "front_door", label: "person", box: [320, 180, 640, 540] };
const event = (after: object): Record<string, unknown> => ({ type: "update", before: {}, after });

function invalid(message: Record<string, unknown>, text: RegExp): void {
  assert.throws(
    () => cameraBox("msg.payload", message, SIZE),
    (error) => {
      assert.ok(error instanceof SegmentError, String(error));
      assert.equal(error.code, "invalid-prompt");
      assert.match(error.message, text);
      return true;
    },
  );
}

describe("boxes of cameras", () => {
  it("Axis: crop_box in fractions, with track and class", () => {
    assert.deepEqual(cameraBox("msg.payload", AXIS, SIZE), {
      xMin: 0.193,
      yMin: 0.4739,
      xMax: 0.2712,
      yMax: 0.5468,
      label: "Human",
      object_track_id: AXIS.object_track_id,
    });
  });

  it("Frigate: the box of the object in pixels, with event, camera and label", () => {
    assert.deepEqual(cameraBox("msg.payload", event(AFTER), SIZE), {
      xMin: 0.25,
      yMin: 0.25,
      xMax: 0.5,
      yMax: 0.75,
      label: "person",
      id: AFTER.id,
      camera: "front_door",
    });
  });

  it("Frigate: the snapshot's own box, where the event has one", () => {
    const box = cameraBox("msg.payload", event({ ...AFTER, snapshot: { box: [0, 0, 1280, 360] } }), SIZE);
    assert.deepEqual([box?.xMin, box?.yMin, box?.xMax, box?.yMax], [0, 0, 1, 0.5]);
    assert.equal(cameraBox("msg.payload", event({ ...AFTER, snapshot: null }), SIZE)?.xMin, 0.25);
  });

  it("none in other messages, and in an event without a box", () => {
    for (const message of [
      {},
      { box: [1, 2, 3, 4] },
      { after: AFTER },
      event({ id: "1" }),
      { crop_box: null },
      event([]),
    ]) {
      assert.equal(cameraBox("msg.payload", message, SIZE), undefined, JSON.stringify(message));
    }
  });

  it("refuses what is no box, or does not fit into the picture", () => {
    invalid({ crop_box: "all" }, /msg\.payload\.crop_box: must be \{xMin.*got "all"/);
    invalid({ crop_box: [] }, /msg\.payload\.crop_box: must be one box/);
    invalid(
      {
        crop_box: [
          [0, 0, 1, 1],
          [0, 0, 1, 1],
        ],
      },
      /msg\.payload\.crop_box: must be one box/,
    );
    invalid({ crop_box: { left: 0.1, top: 0.1, right: 1.2, bottom: 0.5 } }, /crop_box\.right: lies outside.*got 1\.2/);
    invalid(event({ box: [0, 0, 1920, 700] }), /after\.box\.xMax: lies outside.*0\.\.1280 pixels.*detect resolution/);
    invalid(event({ box: [10, 10, 10, 20] }), /after\.box: its right edge/);
    invalid(event({ snapshot: { box: [0, 0, 1, "x"] } }), /after\.snapshot\.box\.yMax: must be a number/);
  });

  it("property: a box that fits comes back as the fractions of its pixels; one that does not is refused", () => {
    const corner = fc.integer({ min: -50, max: 2000 });
    const size = fc.record({ width: fc.integer({ min: 1, max: 2000 }), height: fc.integer({ min: 1, max: 2000 }) });
    fc.assert(
      fc.property(fc.tuple(corner, corner, corner, corner), size, (box, { width, height }) => {
        const [x1, y1, x2, y2] = box;
        const fits = x1 >= 0 && y1 >= 0 && x1 < x2 && y1 < y2 && x2 <= width && y2 <= height;
        const read = (): unknown => cameraBox("p", event({ box }), { width, height });
        if (fits)
          assert.deepEqual(read(), { xMin: x1 / width, yMin: y1 / height, xMax: x2 / width, yMax: y2 / height });
        else assert.throws(read, SegmentError);
      }),
    );
  });

  it("property: whatever a message holds, there is a box within the picture, none, or the one error", () => {
    const field = fc.anything();
    const messages = fc.oneof(
      fc.record({ crop_box: field }),
      fc.record({ before: field, after: fc.oneof(field, fc.record({ box: field, snapshot: field, label: field })) }),
      fc.record({
        crop_box: fc.record({ left: fc.double(), top: fc.double(), right: fc.double(), bottom: fc.double() }),
      }),
    );
    fc.assert(
      fc.property(messages, (message) => {
        let box;
        try {
          box = cameraBox("p", message, SIZE);
        } catch (error) {
          assert.ok(error instanceof SegmentError && error.code === "invalid-prompt", String(error));
          return;
        }
        if (box === undefined) return;
        assert.ok(0 <= box.xMin && box.xMin < box.xMax && box.xMax <= 1);
        assert.ok(0 <= box.yMin && box.yMin < box.yMax && box.yMax <= 1);
      }),
    );
  });
});
