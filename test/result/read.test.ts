import assert from "node:assert/strict";
import { measure, readResults, toRle, toSvg } from "../../src/result";

const VERTICES = [{ x: 0.1, y: 0.1, confidence: null }, { x: 0.5, y: 0.1 }, { x: 0.5, y: 0.5 }]; // prettier-ignore

function job(jobId: number, file: object = { fileId: 17 }): Record<string, unknown> {
  return {
    jobId,
    status: "Completed",
    prompt: { points: [{ x: 0.2, y: 0.2, label: 1 }], boundingBox: null },
    items: [{ ...file, segments: [{ score: 0.9, polygons: [{ vertices: VERTICES, confidence: null }] }] }],
  };
}

describe("readResults", () => {
  it("reads one result, and its box's label from the message", () => {
    const [result, ...others] = readResults("msg.payload", job(5), { jobId: 5, box: { label: "cup" } });
    assert.deepEqual(others, []);
    assert.deepEqual(result, {
      jobId: 5,
      file: { fileId: 17 },
      prompt: { points: [{ x: 0.2, y: 0.2, label: 1 }], boundingBox: undefined },
      segments: [{ score: 0.9, label: "cup", rings: [VERTICES.map(({ x, y }) => ({ x, y }))] }],
    });
  });

  it("reads an array of results, of which the message's box names its own", () => {
    const results = readResults("msg.payload", [job(5), job(6)], { jobId: 6, box: { label: 7 } });
    assert.deepEqual(
      results.map(({ jobId, segments }) => [jobId, segments[0]!.label]),
      [[5, undefined], [6, "7"]], // prettier-ignore
    );
  });

  it("reads an array of whole messages, each with its label", () => {
    const messages = [5, 6].map((id) => ({
      jobId: id,
      payload: job(id),
      segment: { jobId: id, box: { label: `b${id}` } },
    }));
    const results = readResults("msg.payload", messages, messages[1]!.segment);
    assert.deepEqual(
      results.map(({ segments }) => segments[0]!.label),
      ["b5", "b6"],
    );
  });

  it("takes a service's prompt as far as it can be drawn", () => {
    const points = [{ x: 0.5, y: 0.5, label: null }, { x: 1.5, y: 0.5 }, { x: 0.1, y: 0.1, label: 0, more: 1 }]; // prettier-ignore
    const boundingBox = { xMin: 0.5, yMin: 0.5, xMax: 0.4, yMax: 0.9 };
    const [result] = readResults("msg.payload", { ...job(5), prompt: { points, boundingBox } }, undefined);
    assert.deepEqual(result!.prompt, {
      points: [
        { x: 0.5, y: 0.5, label: 1 },
        { x: 0.1, y: 0.1, label: 0 },
      ],
      boundingBox: undefined,
    });
  });

  it("takes nothing found as a result", () => {
    for (const items of [[], [{ fileId: 17, segments: [] }], [{ fileId: 17 }], null]) {
      assert.deepEqual(readResults("msg.payload", { ...job(5), items }, "nonsense")[0]!.segments, []);
    }
  });

  it("reads files by each of their names", () => {
    const fileInstanceId = { space: "s", externalId: "e" };
    const file = (names: object): unknown => readResults("msg.payload", job(5, names), undefined)[0]!.file;
    assert.deepEqual(file({ fileId: 17, fileExternalId: "e" }), { fileId: 17 });
    assert.deepEqual(file({ fileId: null, fileExternalId: "e" }), { fileExternalId: "e" });
    assert.deepEqual(file({ fileInstanceId }), { fileInstanceId });
    assert.equal(file({}), undefined);
  });

  const refused: [string, unknown, RegExp][] = [
    ["text", "cup", /^msg\.payload must be a result as segment wait sends it \(got "cup"\)/],
    ["nothing", undefined, /got undefined/],
    ["a picture", Buffer.from([1, 2]), /got a Buffer of 2 bytes/],
    ["another object", { fileIds: [1] }, /jobId: .*status: /],
    ["an empty array", [], /is an empty array/],
    ["a bad item", [job(5), 7], /^msg\.payload\[1\] must be a result.*got 7/],
    ["a vertex that is no number", { ...job(5), items: [{ segments: [{ score: 1, polygons: [{ vertices: [{ x: "a", y: 0 }] }] }] }] }, /vertices\[0\]\.x: .*got "a"/], // prettier-ignore
    [
      "a job that was started",
      { ...job(5), status: "Queued" },
      /is job 5 with the status "Queued".*first output of segment wait/,
    ],
    [
      "results of different files",
      [job(5), job(6, { fileId: 18 })],
      /different files, \{"fileId":17\} and \{"fileId":18\}/,
    ],
  ];
  for (const [what, value, message] of refused) {
    it(`refuses ${what}`, () => {
      assert.throws(() => readResults("msg.payload", value, undefined), { code: "invalid-result", message });
    });
  }

  it("reads the most that a service may send in little time", () => {
    const vertices = Array.from({ length: 1000 }, (_, index) => {
      const angle = (2 * Math.PI * index) / 1000;
      return { x: 0.5 + 0.4 * Math.cos(angle), y: 0.5 + 0.4 * Math.sin(angle) };
    });
    const segments = Array.from({ length: 50 }, () => ({ score: 0.9, polygons: [{ vertices }] }));
    const start = performance.now();
    const [result] = readResults("msg.payload", { ...job(5), items: [{ fileId: 17, segments }] }, undefined);
    const size = { width: 8000, height: 6000 };
    measure(result!.segments, size);
    toRle(result!.segments, size);
    toSvg(result!.segments, [], size);
    assert.ok(performance.now() - start < 5000);
  });
});
