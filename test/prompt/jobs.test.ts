import assert from "node:assert/strict";
import fc from "fast-check";
import { SegmentError, segmentRequestSchema } from "../../src/api";
import { buildJobs, MAX_JOBS, promptOfPayload, type PromptInput } from "../../src/prompt";

const BOX = [0.1, 0.2, 0.8, 0.9];
const BOUNDING_BOX = { xMin: 0.1, yMin: 0.2, xMax: 0.8, yMax: 0.9 };

const build = (input: Partial<PromptInput>) => buildJobs({ files: 17, units: "fraction", ...input });

function assertInvalid(run: () => unknown, message: RegExp): void {
  assert.throws(
    run,
    (error) => error instanceof SegmentError && error.code === "invalid-prompt" && message.test(error.message),
  );
}

describe("buildJobs", () => {
  it("makes one job per file with all points when there are no boxes", () => {
    const plan = build({
      files: [1, "b"],
      points: [
        [0.1, 0.1],
        [0.2, 0.2, 0],
      ],
    });
    const prompt = {
      points: [
        { x: 0.1, y: 0.1 },
        { x: 0.2, y: 0.2, label: 0 },
      ],
    };
    assert.deepEqual(plan, {
      jobs: [
        { request: { items: [{ fileId: 1 }], ...prompt }, prompt },
        { request: { items: [{ fileExternalId: "b" }], ...prompt }, prompt },
      ],
      sequence: true,
    });
  });

  it("puts points at the top and one box into one prompt", () => {
    const { jobs, sequence } = build({ points: [0.5, 0.5], boxes: { left: 0.1, top: 0.2, right: 0.8, bottom: 0.9 } });
    assert.equal(sequence, false);
    assert.deepEqual(jobs[0]!.request, {
      items: [{ fileId: 17 }],
      points: [{ x: 0.5, y: 0.5 }],
      boundingBox: BOUNDING_BOX,
    });
  });

  it("is a sequence when boxes came as an array or there were several files, and only then", () => {
    assert.equal(build({ boxes: BOX }).sequence, false);
    assert.equal(build({ boxes: [BOX] }).sequence, true);
    assert.equal(build({ boxes: [], points: [0.5, 0.5] }).sequence, true);
    assert.equal(build({ points: [[0.5, 0.5]] }).sequence, false);
    assert.equal(build({ files: [17], points: [0.5, 0.5] }).sequence, false);
    assert.equal(build({ files: [17, 18], points: [0.5, 0.5] }).sequence, true);
  });

  it("gives each file each box in order, with the box's own points and the user's own object", () => {
    const counts = fc.tuple(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 10 }));
    fc.assert(
      fc.property(counts, fc.boolean(), ([files, boxes], withPoints) => {
        const fileIds = Array.from({ length: files }, (_, index) => index + 1);
        const list = Array.from({ length: boxes }, (_, index) => ({
          trackId: index,
          xMin: 0.1,
          yMin: 0.1,
          xMax: 0.2 + index / 100,
          yMax: 0.9,
          ...(withPoints ? { points: [[0.1, index / 100]] } : {}),
        }));
        const { jobs, sequence } = build({ files: fileIds, boxes: list });
        assert.equal(sequence, true);
        assert.equal(jobs.length, files * boxes);
        jobs.forEach((job, index) => {
          const box = list[index % boxes]!;
          assert.deepEqual(job.request.items, [{ fileId: fileIds[Math.floor(index / boxes)] }]);
          assert.equal(job.box, box);
          assert.equal(job.request.boundingBox!.xMax, box.xMax);
          assert.deepEqual(job.request.points, withPoints ? [{ x: 0.1, y: box.trackId / 100 }] : undefined);
          assert.ok(segmentRequestSchema.safeParse(job.request).success);
          assert.deepEqual({ items: job.request.items, ...job.prompt }, job.request);
        });
      }),
    );
  });

  it("refuses what can't be fanned out", () => {
    assertInvalid(() => build({ boxes: [BOX, BOX], points: [0.5, 0.5] }), /^points: can't be used with 2 boxes/);
    assertInvalid(
      () => build({ boxes: { ...BOUNDING_BOX, points: [[0.5, 0.5]] }, points: [0.5, 0.5] }),
      /same point as/,
    );
    const many = Array.from({ length: MAX_JOBS + 1 }, () => BOX);
    assert.equal(build({ boxes: many.slice(1) }).jobs.length, MAX_JOBS);
    assertInvalid(() => build({ boxes: many }), /1 files × 101 boxes are 101 jobs: at most 100/);
    assertInvalid(() => build({ files: many.map((_, index) => index + 1), points: [0.5, 0.5] }), /101 jobs/);
  });

  it("refuses a message without file or prompt", () => {
    assertInvalid(() => build({ files: undefined, points: [0.5, 0.5] }), /^file: there is none/);
    assertInvalid(() => build({}), /^prompt: there is none: give points or boxes/);
    assertInvalid(() => build({ points: [], boxes: [] }), /^prompt: there is none/);
  });

  it("takes a prompt of background points only: nothing found is the service's answer", () => {
    assert.equal(build({ points: [0.5, 0.5, 0] }).jobs.length, 1);
  });

  it("needs the picture's size for pixels", () => {
    const imageSize = { width: 200, height: 100 };
    const { jobs } = build({ units: "pixel", imageSize, points: [100, 100] });
    assert.deepEqual(jobs[0]!.prompt, { points: [{ x: 0.5, y: 1 }] });
    assertInvalid(() => build({ units: "pixel", points: [1, 1] }), /^imageSize: is needed for the unit pixel/);
    assertInvalid(() => build({ units: "pixel", points: [1, 1], imageSize: { width: "200" } }), /^imageSize: must be/);
  });

  it("changes nothing that it was given", () => {
    const input = {
      files: [1, { space: "s", externalId: "e" }],
      boxes: [{ label: "a", x: 0.1, y: 0.1, width: 0.5, height: 0.5, points: [{ x: 0.2, y: 0.2 }] }],
    };
    const before = structuredClone(input);
    build(input);
    assert.deepEqual(input, before);
  });
});

describe("promptOfPayload", () => {
  const USUAL = { needed: true, readsBoxes: true };

  it("reads the usual names and those of the service's own messages", () => {
    assert.equal(promptOfPayload({ fileIds: [1], fileId: 2 }, USUAL).files?.toString(), "1");
    assert.equal(promptOfPayload({ fileId: 2 }, USUAL).files, 2);
    const items = [{ fileId: 3 }];
    assert.equal(promptOfPayload({ items }, USUAL).files, items);
    assert.equal(promptOfPayload({ boundingBox: BOUNDING_BOX }, USUAL).boxes, BOUNDING_BOX);
    assert.equal(promptOfPayload({ boxes: BOX, boundingBox: null }, USUAL).boxes, BOX);
    assert.deepEqual(promptOfPayload({ points: [0.5, 0.5] }, USUAL).points, [0.5, 0.5]);
  });

  it("refuses a payload that is no object only where it is needed", () => {
    for (const payload of ["text", 5, undefined, null, Buffer.from("x"), [1, 2]]) {
      assertInvalid(() => promptOfPayload(payload, USUAL), /^payload: must be an object with fileIds/);
      assert.deepEqual(promptOfPayload(payload, { needed: false, readsBoxes: true }), {});
    }
  });

  it("refuses boxes beside boundingBox, where boxes are read from the payload", () => {
    promptOfPayload({ boxes: BOX, boundingBox: BOX }, { needed: true, readsBoxes: false });
    assertInvalid(
      () => promptOfPayload({ boxes: BOX, boundingBox: BOX }, USUAL),
      /^payload\.boundingBox: can't be used/,
    );
  });
});
