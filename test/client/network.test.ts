import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import type { ServerOptions } from "node:https";
import { inspect } from "node:util";
import { clientCredentials, staticToken, type Network, type Proxy } from "../../src/client";
import { isException } from "../../src/client/network";
import { fetchUrl } from "../../src/client/fetch-url";
import { makeCertificates, type Certificates } from "../support/certificates";
import { ConnectProxy } from "../support/connect-proxy";
import { json, text } from "../support/scripted-service";
import { clientOf, closeAll, closeLater, rejection, REQUEST, startService } from "./setup";

const PICTURE = { bytes: Buffer.from("picture"), mimeType: "image/jpeg", name: "a.jpg" } as const;
const grant = json(200, { access_token: "t1", expires_in: 3600 });

let certificates: Certificates;
/** An https server that asks its clients for a certificate; with `must` it lets no other in. */
const tlsServer = (must = false): ServerOptions => ({
  ...certificates.server,
  ca: certificates.authority,
  requestCert: true,
  rejectUnauthorized: must,
});

describe("client: TLS of one's own", () => {
  before(() => void (certificates = makeCertificates()));
  afterEach(closeAll);

  it("refuses a service whose authority it does not know, at once, and says what to do", async () => {
    const service = await startService(tlsServer());
    const error = await rejection(clientOf(service).startJob(REQUEST), "unreachable");
    assert.match(error.message, /self-signed certificate.*TLS configuration/);
    assert.deepEqual(service.log, []);
  });

  it("trusts the authority that it is given, but not for another name", async () => {
    const service = await startService(tlsServer());
    await clientOf(service, { network: { tls: { ca: certificates.authority } } }).startJob(REQUEST);
    const tls = { ca: certificates.authority, servername: "elsewhere.example" };
    const error = await rejection(clientOf(service, { network: { tls } }).startJob(REQUEST), "unreachable");
    assert.match(error.message, /altnames.*TLS configuration/);
    await clientOf(service, { network: { tls: { ...tls, servername: "plant.example" } } }).startJob(REQUEST);
  });

  it("skips verification only when it is set so", async () => {
    const service = await startService(tlsServer());
    await clientOf(service, { network: { tls: { rejectUnauthorized: false } } }).startJob(REQUEST);
  });

  it("shows its certificate to service and token URL, never to another address", async () => {
    const [service, provider, storage] = [
      await startService(tlsServer(true)),
      await startService(tlsServer(true)),
      await startService(tlsServer()),
    ];
    provider.fail(/./, grant);
    const network = { tls: { ca: certificates.authority, ...certificates.client, servername: "plant.example" } };
    const tokens = clientCredentials({
      tokenUrl: `${provider.url}/token`,
      clientId: "a",
      clientSecret: "b",
      clientAuth: "post",
      timeoutMs: 2000,
      retries: 0,
      network,
    });
    const client = clientOf(service, { network, tokens });
    const here = await client.upload(PICTURE);
    assert.deepEqual(await client.downloadFile({ id: here.id }), PICTURE.bytes);
    assert.ok([...service.requests, ...provider.requests].every(({ client }) => client === "gateway-4"));

    service.uploadOrigin = storage.url;
    const there = await client.upload(PICTURE);
    assert.deepEqual(await client.downloadFile({ id: there.id }), PICTURE.bytes);
    assert.deepEqual(
      storage.requests.map(({ method, client }) => [method, client]),
      [
        ["PUT", undefined],
        ["GET", undefined],
      ],
    );

    service.uploadOrigin = undefined;
    service.fail(/^GET \/raw/, text(302, "text/plain", "", { location: `${storage.url}/raw/${there.id}` }));
    await rejection(client.downloadFile({ id: here.id }), "bad-answer");
    assert.equal(storage.requests.length, 2);
  });

  it("never leaves another address unverified", async () => {
    const [service, storage] = [await startService(tlsServer()), await startService(tlsServer())];
    service.uploadOrigin = storage.url;
    const client = clientOf(service, { retries: 0, network: { tls: { rejectUnauthorized: false } } });
    await rejection(client.upload(PICTURE), "unreachable");
    assert.deepEqual(storage.log, []);
  });

  it("needs a certificate where the service requires one, and keeps its key out of errors", async () => {
    const service = await startService(tlsServer(true));
    const tls = { ca: certificates.authority };
    await rejection(clientOf(service, { retries: 0, network: { tls } }).startJob(REQUEST), "unreachable");
    const other = makeCertificates();
    const foreign = clientOf(service, { retries: 0, network: { tls: { ...tls, ...other.client } } });
    const error = await rejection(foreign.startJob(REQUEST), "unreachable");
    assert.equal(inspect(error, { depth: 9 }).includes("PRIVATE KEY"), false);
  });
});

describe("client: a proxy of one's own", () => {
  before(() => void (certificates = makeCertificates()));
  afterEach(closeAll);

  const startProxy = async (): Promise<ConnectProxy> => closeLater(await ConnectProxy.start());
  const through = (proxy: ConnectProxy, options: Partial<Proxy> = {}): Network => ({
    proxy: { url: proxy.url, exceptions: [], ...options },
    tls: { ca: certificates.authority },
  });
  const named = (url: string, name = "plant.example"): { url: string } => ({ url: url.replace("127.0.0.1", name) });

  it("reaches an https service by tunnels that are used again; the proxy sees no token", async () => {
    const [service, proxy] = [await startService(tlsServer()), await startProxy()];
    const client = clientOf(named(service.url), { network: through(proxy), tokens: staticToken("s3cret") });
    await client.startJob(REQUEST);
    await client.startJob(REQUEST);
    const { id } = await client.upload(PICTURE);
    assert.ok(id > 0);
    const { port } = new URL(service.url);
    // The links have another host name than the service.
    assert.deepEqual(proxy.requests, [`CONNECT plant.example:${port}`, `CONNECT 127.0.0.1:${port}`]);
    assert.doesNotMatch(JSON.stringify(proxy.headers), /s3cret/);
    assert.equal(service.requests[0]?.headers.authorization, "Bearer s3cret");
  });

  it("is one error when the key can't be used", async () => {
    const [service, proxy] = [await startService(tlsServer()), await startProxy()];
    const cipher = { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "right" } as const;
    const key = createPrivateKey(certificates.client.key).export(cipher).toString();
    const network = through(proxy);
    const tls = { ...network.tls, cert: certificates.client.cert, key, passphrase: "wrong" };
    const client = clientOf(service, { network: { ...network, tls }, retries: 1 });
    await rejection(client.startJob(REQUEST), "unreachable");
  });

  it("sends plain http on, also to this machine, as it was named", async () => {
    const [service, proxy] = [await startService(), await startProxy()];
    await clientOf(service, { network: through(proxy) }).startJob(REQUEST);
    assert.deepEqual(proxy.requests, [`POST ${service.url}/api/v1/projects/plant/context/vision/segment`]);
    assert.equal(service.requests.length, 1);
  });

  it("shows its login to the proxy, and to nobody else", async () => {
    const proxy = await startProxy();
    proxy.auth = "operator:pass:word";
    for (const service of [await startService(), await startService(tlsServer())]) {
      await clientOf(service, { network: through(proxy, { auth: proxy.auth }) }).startJob(REQUEST);
      const wrong = clientOf(service, { network: through(proxy, { auth: "operator:pa55" }) });
      const error = await rejection(wrong.startJob(REQUEST), "unreachable");
      assert.match(error.message, /the proxy 127\.0\.0\.1:\d+ answered HTTP 407: it requires a login/);
      assert.doesNotMatch(inspect(error, { depth: 9 }), /pa55/);
      assert.equal(service.requests.length, 1);
    }
    assert.equal(proxy.requests.length, 4, "a refused login is not tried again");
  });

  it("takes the token URL through the proxy, too", async () => {
    const [provider, proxy] = [await startService(tlsServer()), await startProxy()];
    provider.fail(/./, grant);
    const tokens = clientCredentials({
      tokenUrl: `${provider.url}/token`,
      clientId: "a",
      clientSecret: "s3cret",
      clientAuth: "basic",
      timeoutMs: 2000,
      retries: 0,
      network: through(proxy),
    });
    assert.equal(await tokens.get(new AbortController().signal), "t1");
    assert.deepEqual(proxy.requests, [`CONNECT ${new URL(provider.url).host}`]);
  });

  it("tries again when the proxy can't reach the service yet, and says so when the proxy itself is gone", async () => {
    const [service, proxy] = [await startService(tlsServer()), await startProxy()];
    proxy.refusals.push(502, 503);
    await clientOf(service, { network: through(proxy) }).startJob(REQUEST);
    assert.equal(proxy.requests.length, 3);
    const gone = await ConnectProxy.start();
    const network = through(gone);
    await gone.close();
    const error = await rejection(clientOf(service, { retries: 1, network }).startJob(REQUEST), "unreachable");
    assert.match(error.message, /the proxy 127\.0\.0\.1:\d+ can't be reached: .*ECONNREFUSED/);
  });

  it("leaves exceptions alone, and the environment's proxy", async () => {
    const [service, proxy, environment] = [await startService(), await startProxy(), await startProxy()];
    const before = process.env.http_proxy;
    process.env.http_proxy = environment.url.href;
    try {
      await clientOf(service, { network: through(proxy, { exceptions: ["127.0.0.1"] }) }).startJob(REQUEST);
      assert.equal(service.requests.length, 1);
      assert.deepEqual([...proxy.requests, ...environment.requests], []);
      await clientOf(named(service.url), { network: through(proxy) }).startJob(REQUEST);
      assert.deepEqual([proxy.requests.length, environment.requests.length], [1, 0]);
    } finally {
      if (before === undefined) Reflect.deleteProperty(process.env, "http_proxy");
      else process.env.http_proxy = before;
    }
  });

  it("keeps the login of a picture's address from the environment's proxy", async () => {
    const environment = await startProxy();
    const before = process.env.http_proxy;
    process.env.http_proxy = environment.url.href;
    const options = { check: () => undefined, timeoutMs: 5000, maxBytes: 1000, signal: new AbortController().signal };
    try {
      await assert.rejects(fetchUrl(new URL("http://user:secret@camera.invalid/1.jpg"), options), /can't be reached/);
      assert.equal(environment.requests.length, 0);
      await fetchUrl(new URL("http://camera.invalid/1.jpg"), options).catch(() => undefined);
      assert.equal(environment.requests.length, 1);
    } finally {
      if (before === undefined) Reflect.deleteProperty(process.env, "http_proxy");
      else process.env.http_proxy = before;
    }
  });

  it("ends as cancelled, or in time, while the proxy does not answer", async () => {
    const proxy = await startProxy();
    proxy.isSilent = true;
    const client = clientOf({ url: "https://plant.example" }, { retries: 0, timeoutMs: 100, network: through(proxy) });
    await rejection(client.startJob(REQUEST), "unreachable");
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 30);
    await rejection(client.startJob(REQUEST, { signal: stop.signal }), "cancelled");
  });

  it("knows exceptions by name, domain, port and *", () => {
    const match = (url: string, ...exceptions: string[]): boolean =>
      isException(new URL(url), { url: new URL("http://proxy"), exceptions });
    assert.equal(match("https://plant.example/a", "other", " PLANT.example "), true);
    assert.equal(match("https://a.plant.example", "plant.example", "", ".example:80"), false);
    assert.equal(match("https://a.plant.example", ".plant.example"), true);
    assert.equal(match("https://a.plant.example", "*.plant.example"), true);
    assert.equal(match("http://anything", "*"), true);
    assert.equal(match("https://plant:8020", "plant:8020"), true);
    assert.equal(match("https://plant", "plant:8020"), false);
    assert.equal(match("https://plant", "plant:443"), true);
  });
});
