import assert from "node:assert/strict";
import axios from "axios";
import { jobSchema, startedJobSchema } from "../../src/api";
import { disc, MIDDLE, SEGMENT, TestServer, TOKEN } from "./support";

/** The parts of the SDK that we use. Its own declarations are for bundlers and do not resolve under module node16. */
interface SdkFile {
  id: number;
  uploaded: boolean;
  createdTime: unknown;
  uploadedTime?: unknown;
}
interface SdkClient {
  post(path: string, options: object): Promise<{ data: unknown }>;
  get(path: string, options: object): Promise<{ data: unknown }>;
  files: {
    upload(file: object, content: Buffer, overwrite?: boolean, waitUntilAcknowledged?: boolean): Promise<SdkFile>;
    retrieve(ids: object[]): Promise<SdkFile[]>;
    getDownloadUrls(ids: object[]): Promise<{ downloadUrl: string }[]>;
    delete(ids: object[]): Promise<object>;
  };
}
// eslint-disable-next-line @typescript-eslint/no-require-imports -- without declarations there is nothing to import
const { CogniteClient } = require("@cognite/sdk") as { CogniteClient: new (options: object) => SdkClient };

describe("the vendor's own SDK", function () {
  this.timeout(60_000);
  let server: TestServer;
  let client: SdkClient;
  before(async () => {
    server = await TestServer.start();
    client = new CogniteClient({
      appId: "node-red-segment-tests",
      project: "plant",
      baseUrl: server.url,
      oidcTokenProvider: () => Promise.resolve(TOKEN),
    });
  });
  after(() => server.close());

  it("uploads, segments, downloads and deletes", async () => {
    const picture = await disc();
    const file = await client.files.upload(
      { name: "disc.jpeg", mimeType: "image/jpeg", externalId: "by-sdk", metadata: { line: "4" } },
      picture,
      false,
      true,
    );
    assert.equal(file.uploaded, true);
    assert.ok(file.createdTime instanceof Date && file.uploadedTime instanceof Date);
    assert.deepEqual(
      (await client.files.retrieve([{ externalId: "by-sdk" }])).map(({ id }) => id),
      [file.id],
    );

    const request = { items: [{ fileId: file.id }], ...MIDDLE };
    const posted = await client.post(SEGMENT, { data: request, headers: { "cdf-version": "beta" } });
    const { jobId } = startedJobSchema.parse(posted.data);
    const got = await client.get(`${SEGMENT}/${jobId}`, { headers: { prefer: "wait=50", "cdf-version": "beta" } });
    const job = jobSchema.parse(got.data);
    assert.equal(job.status, "Completed", job.errorMessage ?? "");
    assert.equal(job.items?.[0]?.segments?.length, 1);

    const [link] = await client.files.getDownloadUrls([{ id: file.id }]);
    const { data } = await axios.get<Buffer>(link!.downloadUrl, { proxy: false, responseType: "arraybuffer" });
    assert.deepEqual(data, picture);

    await client.files.delete([{ id: file.id }]);
    await assert.rejects(client.files.retrieve([{ id: file.id }]), (error) => {
      assert.ok(error instanceof Error && "status" in error && "missing" in error);
      assert.equal(error.status, 400);
      assert.deepEqual(error.missing, [{ id: file.id }]);
      return true;
    });
  });

  it("gets an error for an existing external id, and may overwrite it", async () => {
    const file = { name: "disc.jpeg", mimeType: "image/jpeg", externalId: "twice" };
    const first = await client.files.upload(file, await disc(1));
    await assert.rejects(client.files.upload(file, await disc(2)), (error) => {
      assert.ok(error instanceof Error && "status" in error);
      assert.equal(error.status, 409);
      return true;
    });
    const second = await client.files.upload(file, await disc(2), true);
    assert.equal(second.id, first.id);
  });
});
