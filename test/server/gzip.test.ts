import assert from "node:assert/strict";
import { brotliCompressSync, gzipSync } from "node:zlib";
import type { AxiosResponse } from "axios";
import { disc, errorOf, MIDDLE, SEGMENT, TestServer } from "./support";

describe("request bodies that are compressed with gzip", () => {
  let server: TestServer;
  let fileId: number;
  before(async () => {
    server = await TestServer.start({ engine: "graphcut" });
    fileId = await server.upload(await disc());
  });
  after(() => server.close());

  function post(data: Buffer, encoding: string): Promise<AxiosResponse> {
    const headers = { "content-type": "application/json", "content-encoding": encoding };
    return server.http.post(SEGMENT, data, { headers });
  }
  const request = (): Buffer => Buffer.from(JSON.stringify({ items: [{ fileId }], ...MIDDLE }));

  it("are inflated", async () => {
    for (const encoding of ["gzip", "GZIP"]) assert.equal((await post(gzipSync(request()), encoding)).status, 200);
    assert.equal((await post(request(), "identity")).status, 200);
  });

  it("413 for one that inflates to more than the route accepts", async () => {
    errorOf(await post(gzipSync(Buffer.alloc(200 * 2 ** 20, "[")), "gzip"), 413);
  });

  it("400 for one that is damaged or cut off", async () => {
    const whole = gzipSync(request());
    errorOf(await post(request(), "gzip"), 400);
    errorOf(await post(whole.subarray(0, whole.length - 12), "gzip"), 400);
  });

  it("415 for another encoding", async () => {
    assert.match(errorOf(await post(brotliCompressSync(request()), "br"), 415).message, /encoding br.*gzip/);
  });
});
