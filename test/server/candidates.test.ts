import assert from "node:assert/strict";
import { join } from "node:path";
import { readFileSync } from "node:fs";
import { startedJobSchema } from "../../src/api";
import { errorOf, MIDDLE, SEGMENT, TestServer } from "./support";

describe("the header x-segment-candidates", function () {
  this.timeout(60_000);
  let server: TestServer;
  let fileId = 0;
  before(async () => {
    server = await TestServer.start();
    fileId = await server.upload(readFileSync(join(__dirname, "../../pictures/gauge.jpg")));
  });
  after(() => server.close());

  const post = (candidates: string) =>
    server.http.post(
      SEGMENT,
      { items: [{ fileId }], ...MIDDLE },
      { headers: { "x-segment-candidates": candidates, "idempotency-key": `key ${candidates}` } },
    );

  it("asks for several segments that differ, best first; the default is one", async () => {
    const one = await server.ended((await server.start(fileId)).jobId);
    const several = await server.ended(startedJobSchema.parse((await post("4")).data).jobId);
    const segments = several.items?.[0]?.segments ?? [];
    assert.equal(one.items?.[0]?.segments?.length, 1);
    assert.ok(segments.length >= 2 && segments.length <= 4, `${segments.length} segments`);
    assert.deepEqual(segments[0], one.items[0].segments[0]);
    const scores = segments.map(({ score }) => score);
    assert.deepEqual(
      scores,
      [...scores].sort((a, b) => b - a),
    );
  });

  for (const bad of ["0", "5", "1.5", "many"]) {
    it(`refuses ${bad}`, async () => {
      assert.match(errorOf(await post(bad), 400).message, /x-segment-candidates/);
    });
  }

  it("is part of what an idempotency key stands for", async () => {
    assert.equal((await post("2")).status, 200);
    const response = await server.http.post(
      SEGMENT,
      { items: [{ fileId }], ...MIDDLE },
      { headers: { "x-segment-candidates": "3", "idempotency-key": "key 2" } },
    );
    assert.equal(response.status, 422);
  });
});
