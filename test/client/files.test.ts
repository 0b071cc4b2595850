import assert from "node:assert/strict";
import { staticToken } from "../../src/client";
import { cut, json, text } from "../support/scripted-service";
import { clientOf, closeAll, rejection, startService } from "./setup";

const BYTES = Uint8Array.from([0, 255, 216, 255, 1, 2, 3, 0]).subarray(1, 7);
const PICTURE = { bytes: BYTES, mimeType: "image/jpeg", name: "a.jpg" } as const;

describe("client: files", () => {
  afterEach(closeAll);

  it("creates, sends and confirms a file; a view's own bytes go out, unchanged", async () => {
    const service = await startService();
    const record = await clientOf(service).upload(PICTURE);
    assert.equal(record.uploaded, true);
    assert.deepEqual(service.log, [
      "POST /api/v1/projects/plant/files",
      `PUT /raw/${record.id}`,
      "POST /api/v1/projects/plant/files/byids",
    ]);
    assert.deepEqual(JSON.parse(service.requests[0]!.body.toString()), { name: "a.jpg", mimeType: "image/jpeg" });
    assert.deepEqual(service.requests[1]!.body, Buffer.from(BYTES));
    assert.equal(service.requests[1]!.headers["content-type"], "image/jpeg");
  });

  it("names a file by its content where a service would keep every copy", async () => {
    const service = await startService();
    const sha256 = "ab".repeat(32);
    const { id } = await clientOf(service, { namesFiles: true }).upload({ ...PICTURE, sha256 });
    assert.deepEqual(service.log, [
      "POST /api/v1/projects/plant/files/byids",
      "POST /api/v1/projects/plant/files?overwrite=true",
      `PUT /raw/${id}`,
      "POST /api/v1/projects/plant/files/byids",
    ]);
    const { externalId } = JSON.parse(service.requests[1]!.body.toString()) as { externalId: string };
    assert.equal(externalId, `node-red-${sha256}`);
    await clientOf(service).upload({ ...PICTURE, sha256 });
    assert.equal(service.log[4], "POST /api/v1/projects/plant/files");
  });

  it("never takes the content of such a file away, as jobs may be on it", async () => {
    const service = await startService();
    const client = clientOf(service, { namesFiles: true });
    const picture = { ...PICTURE, sha256: "cd".repeat(32) };
    const stop = new AbortController();
    const impatient = client.upload(picture, { signal: stop.signal });
    const both = Promise.all([client.upload(picture), client.upload(picture)]);
    stop.abort();
    await rejection(impatient, "cancelled");
    const [first, second] = await both;
    const third = await client.upload(picture);
    assert.deepEqual([first.id, second.id], [third.id, third.id]);
    assert.equal(service.count(/^PUT/), 1);
    // Of an upload that had been broken off there is only the record.
    service.files.set(third.id, { polls: -1 });
    await client.upload(picture);
    assert.equal(service.count(/^PUT/), 2);
  });

  it("sends the bytes of a file in a data model, and waits until the service has them", async () => {
    const service = await startService();
    service.uploadPolls = 1;
    const instanceId = { space: "cameras", externalId: "line-4" };
    const id = service.addInstance(instanceId.space, instanceId.externalId);
    const record = await clientOf(service, { namesFiles: true }).upload({ ...PICTURE, sha256: "ab", instanceId });
    assert.equal(record.id, id);
    assert.deepEqual(service.log, [
      "POST /api/v1/projects/plant/files/uploadlink",
      `PUT /raw/${id}`,
      "POST /api/v1/projects/plant/files/byids",
      "POST /api/v1/projects/plant/files/byids",
    ]);
    for (const { body } of [service.requests[0]!, service.requests[3]!]) {
      assert.deepEqual((JSON.parse(body.toString()) as { items: unknown }).items, [{ instanceId }]);
    }
    assert.deepEqual(service.files.get(id)?.bytes, Buffer.from(BYTES));
  });

  it("says what to do when the data model has no such file, or the service no data models", async () => {
    const service = await startService();
    const upload = { ...PICTURE, instanceId: { space: "cameras", externalId: "line-5" } };
    const error = await rejection(clientOf(service).upload(upload), "file-not-found");
    assert.match(error.message, /"line-5".*Create the file in the data model first/);
    service.fail(/uploadlink/, json(404, { error: { code: 404, message: "Not Found" } }));
    await rejection(clientOf(service).upload(upload), "not-available");
    assert.equal(service.count(/^PUT/), 0);
  });

  it("waits until the service has registered the bytes, but not for ever", async () => {
    const service = await startService();
    service.uploadPolls = 2;
    await clientOf(service).upload(PICTURE);
    assert.equal(service.count(/byids$/), 3);
    service.uploadPolls = Infinity;
    await rejection(clientOf(service, { delays: { uploadMs: 30 } }).upload(PICTURE), "unreachable");
  });

  it("sends no token with an upload or a download, whichever host it goes to", async () => {
    const [service, storage] = [await startService(), await startService()];
    service.token = "s3cret";
    const client = clientOf(service, { tokens: staticToken("s3cret") });
    const here = await client.upload(PICTURE);
    assert.deepEqual(await client.downloadFile({ id: here.id }), Buffer.from(BYTES));
    service.uploadOrigin = storage.url;
    const there = await client.upload(PICTURE);
    assert.deepEqual(await client.downloadFile({ id: there.id }), Buffer.from(BYTES));
    const raw = [...service.requests, ...storage.requests].filter(({ path }) => path.startsWith("/raw/"));
    assert.equal(raw.length, 4);
    for (const { headers } of raw) {
      assert.equal(headers.authorization, undefined);
      assert.doesNotMatch(JSON.stringify(headers), /s3cret/);
    }
    assert.equal(storage.requests.length, 2);
  });

  it("repeats a broken upload, and asks for a new link when one leads nowhere", async () => {
    const service = await startService();
    service.fail(/^PUT/, cut);
    await clientOf(service).upload(PICTURE);
    assert.equal(service.count(/^PUT/), 2);
    const gone = await startService();
    const deadLink = `${gone.url}/raw/5`;
    await gone.close();
    service.fail(/files$/, json(200, { id: 5, uploadUrl: deadLink }));
    assert.notEqual((await clientOf(service, { retries: 1 }).upload(PICTURE)).id, 5);
    assert.equal(service.count(/files$/), 3);
  });

  it("follows a redirect of a download", async () => {
    const [service, storage] = [await startService(), await startService()];
    const { id } = await clientOf(service).upload(PICTURE);
    service.fail(/^GET \/raw/, text(302, "text/plain", "", { location: `${storage.url}/raw/${id}` }));
    storage.files.set(id, { bytes: Buffer.from("moved"), polls: 0 });
    assert.equal((await clientOf(service).downloadFile({ id })).toString(), "moved");
  });

  it("downloads and deletes files; unknown ones are file-not-found", async () => {
    const service = await startService();
    const client = clientOf(service);
    const { id } = await client.upload(PICTURE);
    assert.deepEqual(await client.downloadFile({ id }), Buffer.from(PICTURE.bytes));
    await client.deleteFiles([{ id }]);
    for (const promise of [client.downloadFile({ id }), client.deleteFiles([{ id }])]) {
      assert.match((await rejection(promise, "file-not-found")).message, new RegExp(`"id":${id}`));
    }
  });

  it("says that a picture is too large", async () => {
    const service = await startService();
    service.fail(/^PUT/, json(413, { error: { code: 413, message: "Payload Too Large" } }));
    const error = await rejection(clientOf(service).upload(PICTURE), "invalid-image");
    assert.match(error.message, /upload the 6 bytes of "a.jpg".*Payload Too Large.*smaller picture/);
  });

  it("says that a link has expired rather than blame the token", async () => {
    const service = await startService();
    service.fail(/^PUT/, text(403, "application/xml", "<Error>Signature expired</Error>"));
    assert.match((await rejection(clientOf(service).upload(PICTURE), "unauthorized")).message, /link has expired/);
  });

  it("is cancelled while it waits for the service to register the bytes", async () => {
    const service = await startService();
    service.uploadPolls = Infinity;
    const stop = new AbortController();
    const pending = clientOf(service, { delays: { firstPollMs: 10_000 } }).upload(PICTURE, { signal: stop.signal });
    setTimeout(() => stop.abort(), 50);
    await rejection(pending, "cancelled");
  });
});
