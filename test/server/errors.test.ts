import assert from "node:assert/strict";
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import axios from "axios";
import { createdFileSchema } from "../../src/api";
import { disc, errorOf, FILES, SEGMENT, TestClient, TestServer } from "./support";

describe("errors of the server", function () {
  this.timeout(30_000);
  let server: TestServer;
  let fileId: number;
  before(async () => {
    server = await TestServer.start({ checkHost: true });
    fileId = await server.upload(await disc());
  });
  after(() => server.close());

  const json = { "content-type": "application/json" };
  const create = (body: object) => server.http.post(FILES, body);

  for (const [name, authorization] of [
    ["without a token", undefined],
    ["with a wrong token", "Bearer nonsense"],
    ["with another scheme", "Basic abc"],
  ] as const) {
    it(`401 ${name}, on every route that is not open`, async () => {
      const { http } = new TestClient(server.url, null);
      const headers = authorization === undefined ? {} : { authorization };
      const responses = [
        await http.post(SEGMENT, { items: [{ fileId }], points: [{ x: 0, y: 0 }] }, { headers }),
        await http.get(`${SEGMENT}/1`, { headers }),
        await http.post(`${SEGMENT}/byids`, { jobIds: [1] }, { headers }),
        await http.post(FILES, {}, { headers }),
        await http.post(`${FILES}/byids`, {}, { headers }),
        await http.post(`${FILES}/downloadlink`, {}, { headers }),
        await http.post(`${FILES}/delete`, {}, { headers }),
        await http.post("/draw", {}, { headers }),
        await http.get("/nowhere", { headers }),
      ];
      for (const response of responses) {
        assert.match(errorOf(response, 401).message, /token/);
        assert.equal(response.headers["www-authenticate"], "Bearer");
      }
    });
  }

  const prompts: [string, object, RegExp][] = [
    ["no prompt", {}, /points: a prompt needs at least one point or a bounding box/],
    ["a point outside", { points: [{ x: 1.5, y: 0 }] }, /points\[0\]\.x: .*<=1 \(got 1\.5\)/],
    ["a label 2", { points: [{ x: 0, y: 0, label: 2 }] }, /points\[0\]\.label: .*\(got 2\)/],
    ["text for a number", { points: [{ x: "0.5", y: 0 }] }, /points\[0\]\.x: .*number.*\(got "0\.5"\)/],
    [
      "two equal points",
      {
        points: [
          { x: 0.1, y: 0.1 },
          { x: 0.1, y: 0.1 },
        ],
      },
      /points\[1\]: is the same point/,
    ],
    ["a reversed box", { boundingBox: { xMin: 0.9, yMin: 0, xMax: 0.1, yMax: 1 } }, /xMin must be less than xMax/],
    ["an unknown field", { points: [{ x: 0, y: 0 }], box: 1 }, /box/],
  ];
  for (const [name, prompt, message] of prompts) {
    it(`400 for ${name}, naming field and value`, async () => {
      assert.match(errorOf(await server.http.post(SEGMENT, { items: [{ fileId }], ...prompt }), 400).message, message);
    });
  }

  it("400 for an unknown file, naming the reference", async () => {
    for (const reference of [
      { fileId: 99 },
      { fileExternalId: "nobody" },
      { fileInstanceId: { space: "s", externalId: "e" } },
    ]) {
      const response = await server.http.post(SEGMENT, { items: [reference], points: [{ x: 0, y: 0 }] });
      const { message, missing } = errorOf(response, 400);
      assert.ok(message.includes(JSON.stringify(reference)), message);
      assert.deepEqual(missing, [reference]);
    }
  });

  it("400 names all unknown files of a list; ignoreUnknownIds leaves them out", async () => {
    const items = [{ id: fileId }, { id: 5 }, { externalId: "nobody" }];
    for (const route of ["byids", "downloadlink", "delete"]) {
      assert.deepEqual(errorOf(await server.http.post(`${FILES}/${route}`, { items }), 400).missing, items.slice(1));
    }
    const found = await server.http.post<{ items: unknown[] }>(`${FILES}/byids`, { items, ignoreUnknownIds: true });
    assert.equal(found.data.items.length, 1);
  });

  it("400 for bodies that are not JSON, empty, or not an object", async () => {
    errorOf(await server.http.post(SEGMENT, '{"items":', { headers: json }), 400);
    errorOf(await server.http.post(SEGMENT, "", { headers: json }), 400);
    errorOf(await server.http.post(SEGMENT, "[1]", { headers: json }), 400);
    errorOf(await server.http.post(SEGMENT, "null", { headers: json }), 400);
  });

  it("400 for a path that is not a job id or not a URL", async () => {
    for (const path of ["abc", "-1", "0", "1.5", "9007199254740993"]) {
      errorOf(await server.http.get(`${SEGMENT}/${path}`), 400);
    }
    errorOf(await server.http.get("/%zz"), 400);
  });

  it("404 for an unknown job and an unknown route", async () => {
    assert.match(errorOf(await server.http.get(`${SEGMENT}/12345`), 404).message, /12345/);
    errorOf(await server.http.get("/nowhere?secret=1"), 404);
    errorOf(await server.http.put(SEGMENT, {}), 404);
  });

  it("409 for an external id that exists, unless it is overwritten", async () => {
    const file = { name: "a.png", mimeType: "image/png", externalId: "twice" };
    assert.equal((await create(file)).status, 201);
    assert.deepEqual(errorOf(await create(file), 409).duplicated, [{ externalId: "twice" }]);
    assert.equal((await server.http.post(`${FILES}?overwrite=true`, file)).status, 201);
    const both = await Promise.all([create({ ...file, externalId: "race" }), create({ ...file, externalId: "race" })]);
    assert.deepEqual(both.map(({ status }) => status).sort(), [201, 409]);
  });

  it("413 for a body over 1 MB and for a picture over 64 MB", async () => {
    const big = await server.http.post(SEGMENT, { filler: "x".repeat(1_100_000) });
    errorOf(big, 413);
    const { uploadUrl } = createdFileSchema.parse((await create({ name: "a.png", mimeType: "image/png" })).data);
    // Only the headers are sent: the server must refuse the request by its content-length.
    const put = httpRequest(uploadUrl, {
      method: "PUT",
      headers: { "content-type": "image/png", "content-length": 70_000_000 },
    });
    put.flushHeaders();
    const [response] = (await once(put, "response")) as [IncomingMessage];
    assert.equal(response.statusCode, 413);
    assert.ok(response.headers["x-request-id"]);
    assert.match(await text(response), /"code":413/);
    put.destroy();
  });

  it("415 for another content type", async () => {
    errorOf(await server.http.post(SEGMENT, "<x/>", { headers: { "content-type": "text/xml" } }), 415);
  });

  it("403 for a link that was changed, including its file, method and expiry", async () => {
    const { uploadUrl } = createdFileSchema.parse((await create({ name: "a.png", mimeType: "image/png" })).data);
    const { http } = new TestClient(server.url, null);
    const refused = async (url: string, method = "PUT") =>
      errorOf(await http.request({ url, method, headers: { "content-type": "image/png" }, data: "x" }), 403);
    await refused(uploadUrl.replace(/signature=..../, "signature=AAAA"));
    await refused(uploadUrl.replace(/pictures\/\d+/, `pictures/${fileId}`));
    await refused(uploadUrl.replace(/expires=\d+/, "expires=99999999999"));
    await refused(uploadUrl.split("?")[0]!);
    await refused(uploadUrl, "GET");
  });

  it("403 for a link without a valid signature, 404 for one without a file, before any of the body is sent", async () => {
    const { uploadUrl, id } = createdFileSchema.parse((await create({ name: "a.png", mimeType: "image/png" })).data);
    await server.http.post(`${FILES}/delete`, { items: [{ id }] });
    for (const [url, status] of [
      [uploadUrl.replace(/signature=..../, "signature=AAAA"), 403],
      [uploadUrl.split("?")[0]!, 403],
      [uploadUrl, 404],
    ] as const) {
      const put = httpRequest(url, {
        method: "PUT",
        headers: { "content-type": "image/png", "content-length": 50_000_000 },
      });
      put.flushHeaders();
      const [response] = (await once(put, "response")) as [IncomingMessage];
      assert.equal(response.statusCode, status);
      put.destroy();
    }
  });

  it("403 for a foreign Host also on a server without a token, but not on one with a token", async () => {
    const trusting = await TestServer.start({ token: undefined });
    const { host, port } = new URL(trusting.url);
    errorOf(await trusting.http.get("/health", { headers: { host: `example.com:${port}` } }), 403);
    errorOf(await trusting.http.post(SEGMENT, {}, { headers: { host: `example.com:${port}` } }), 403);
    for (const name of [host, `localhost:${port}`, `[::1]:${port}`]) {
      assert.equal((await trusting.http.get("/health", { headers: { host: name } })).status, 200, name);
    }
    await trusting.close();
    const guarded = await TestServer.start();
    assert.equal((await guarded.http.get("/health", { headers: { host: "example.com" } })).status, 200);
    await guarded.close();
  });

  it("403 for a Host that is not this machine's loopback", async () => {
    for (const host of ["example.com", "127.0.0.1:1", new URL(server.url).host + ".example.com"]) {
      errorOf(await server.http.get("/health", { headers: { host } }), 403);
    }
    const { port } = new URL(server.url);
    assert.equal((await axios.get(`http://localhost:${port}/health`, { proxy: false })).status, 200);
  });

  it("400 for a list of more than 1000 jobs", async () => {
    const jobIds = Array.from({ length: 1001 }, (_, index) => index + 1);
    assert.match(errorOf(await server.http.post(`${SEGMENT}/byids`, { jobIds }), 400).message, /jobIds/);
  });

  it("400 in the contract's form for bytes that are not HTTP", async () => {
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    socket.end("nonsense\r\n\r\n");
    const response = await text(socket);
    assert.match(response, /^HTTP\/1\.1 400 /);
    assert.match(response, /x-request-id: [0-9a-f-]{36}/);
    assert.match(response, /\{"error":\{"code":400,/);
  });

  it("logs neither tokens nor signatures", () => {
    assert.ok(!server.logged.some((line) => /signature=|Bearer|a-token/.test(line)));
  });
});
