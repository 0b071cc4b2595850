import assert from "node:assert/strict";
import { inspect } from "node:util";
import { clientCredentials, type ClientCredentialsOptions } from "../../src/client";
import { cut, hang, json, text, type ScriptedService } from "../support/scripted-service";
import { clientOf, closeAll, FAST, rejection, REQUEST, startService } from "./setup";

const SECRET = "s3cret/+ä: %";

function credentials(provider: ScriptedService, options: Partial<ClientCredentialsOptions> = {}) {
  return clientCredentials({
    tokenUrl: `${provider.url}/oauth2/token`,
    clientId: "client:1",
    clientSecret: SECRET,
    clientAuth: "post",
    timeoutMs: 2000,
    retries: 2,
    delays: FAST,
    ...options,
  });
}

const grant = (token: string, life: unknown = 3600) =>
  json(200, { access_token: token, token_type: "Bearer", expires_in: life });

describe("client: OAuth client credentials", () => {
  afterEach(closeAll);
  const { signal } = new AbortController();

  it("sends id and secret in the form, with scope and audience", async () => {
    const provider = await startService();
    provider.fail(/./, grant("t1"));
    assert.equal(await credentials(provider, { scopes: "a/.default b", audience: "https://x" }).get(signal), "t1");
    const [seen] = provider.requests;
    assert.deepEqual(Object.fromEntries(new URLSearchParams(seen?.body.toString())), {
      grant_type: "client_credentials",
      scope: "a/.default b",
      audience: "https://x",
      client_id: "client:1",
      client_secret: SECRET,
    });
    assert.equal(seen?.headers.authorization, undefined);
  });

  it("sends id and secret by HTTP Basic, form-encoded, and leaves empty fields out", async () => {
    const provider = await startService();
    provider.fail(/./, grant("t1"));
    await credentials(provider, { clientAuth: "basic", scopes: "" }).get(signal);
    const [seen] = provider.requests;
    const pair = Buffer.from(String(seen?.headers.authorization).replace("Basic ", ""), "base64").toString();
    assert.deepEqual(pair.split(":").map(decodeURIComponent), ["client:1", SECRET]);
    assert.equal(seen?.body.toString(), "grant_type=client_credentials");
  });

  it("gets one token for many requests, and a new one when the service refuses it", async () => {
    const [service, provider] = [await startService(), await startService()];
    provider.fail(/./, grant("t1"), grant("t2"));
    service.token = "t1";
    const client = clientOf(service, { tokens: credentials(provider) });
    await Promise.all(Array.from({ length: 10 }, () => client.startJob(REQUEST)));
    assert.equal(provider.requests.length, 1);
    service.token = "t2";
    await Promise.all(Array.from({ length: 10 }, () => client.startJob(REQUEST)));
    assert.equal(provider.requests.length, 2);
  });

  it("tries a new token only once a request", async () => {
    const [service, provider] = [await startService(), await startService()];
    provider.fail(/./, grant("t1"), grant("t2"), grant("t3"));
    service.token = "never";
    const error = await rejection(
      clientOf(service, { tokens: credentials(provider) }).startJob(REQUEST),
      "unauthorized",
    );
    assert.match(error.message, /client secret/);
    assert.deepEqual([service.requests.length, provider.requests.length], [2, 2]);
  });

  it("renews a token before it expires", async () => {
    const provider = await startService();
    provider.fail(/./, grant("t1", "0"), grant("t2", "3600"), grant("t3"));
    const tokens = credentials(provider);
    assert.equal(await tokens.get(signal), "t1");
    assert.equal(await tokens.get(signal), "t2");
    assert.equal(await tokens.get(signal), "t2");
  });

  it("renews a token a minute early: one that lives 59 s more is not used any longer", async () => {
    const provider = await startService();
    provider.fail(/./, grant("t1", 3600), grant("t2", 3600));
    const tokens = credentials(provider);
    assert.equal(await tokens.get(signal), "t1");
    const now = performance.now.bind(performance);
    try {
      performance.now = () => now() + 3530_000;
      assert.equal(await tokens.get(signal), "t1");
      performance.now = () => now() + 3541_000;
      assert.equal(await tokens.get(signal), "t2");
    } finally {
      performance.now = now;
    }
  });

  it("distinguishes a throttling provider from a broken one", async () => {
    const provider = await startService();
    for (const fault of [json(429, {}, { "retry-after": "9999" }), json(503, {}, { "retry-after": "9999" })]) {
      provider.fail(/./, fault);
      await rejection(credentials(provider).get(signal), "overloaded");
    }
  });

  it("asks the known providers as they want it", async () => {
    const forms: [string, Partial<ClientCredentialsOptions>, object, boolean][] = [
      ["Entra ID", { scopes: "https://c.cognitedata.com/.default" }, { scope: "https://c.cognitedata.com/.default" }, false], // prettier-ignore
      ["service account of CDF", { clientAuth: "basic" }, {}, true],
      ["Auth0, Keycloak, Cognito", { audience: "https://c.cognitedata.com" }, { audience: "https://c.cognitedata.com" }, false], // prettier-ignore
    ];
    for (const [name, options, fields, basic] of forms) {
      const provider = await startService();
      provider.fail(/./, grant("t1"));
      await credentials(provider, options).get(signal);
      const [seen] = provider.requests;
      const form = Object.fromEntries(new URLSearchParams(seen?.body.toString()));
      const login = basic ? {} : { client_id: "client:1", client_secret: SECRET };
      assert.deepEqual(form, { grant_type: "client_credentials", ...fields, ...login }, name);
      assert.equal(seen?.headers.authorization?.startsWith("Basic ") ?? false, basic, name);
    }
  });

  it("repeats after a broken connection", async () => {
    const provider = await startService();
    provider.fail(/./, cut, json(503, {}), grant("t1"));
    assert.equal(await credentials(provider).get(signal), "t1");
  });

  it("passes on why the provider refuses, never the secret", async () => {
    const provider = await startService();
    const description = `AADSTS7000215: invalid client secret ${SECRET}`;
    provider.fail(/./, json(401, { error: "invalid_client", error_description: description }));
    const error = await rejection(credentials(provider).get(signal), "unauthorized");
    assert.match(error.message, /invalid_client: AADSTS7000215: invalid client secret …/);
    assert.equal(inspect(error, { depth: 9 }).includes(SECRET), false);
    assert.equal(provider.requests.length, 1);
  });

  it("quotes no response that may hold a token in another form", async () => {
    const provider = await startService();
    const forms = [
      text(200, "text/plain", "eyJhbGciOi.t0ken"),
      text(200, "application/x-www-form-urlencoded", "access_token=eyJhbGciOi.t0ken&expires_in=60"),
      json(200, { access_token: ["eyJhbGciOi.t0ken"] }),
      json(200, { token: "eyJhbGciOi.t0ken" }),
    ];
    for (const form of forms) {
      provider.fail(/./, form);
      const error = await rejection(credentials(provider).get(signal), "bad-answer");
      assert.match(error.message, /no JSON with an access_token .* Check the token URL/);
      assert.equal(inspect(error, { depth: 9 }).includes("t0ken"), false);
    }
  });

  it("sends the secret to no other address", async () => {
    const [provider, other] = [await startService(), await startService()];
    provider.fail(/./, text(307, "text/plain", "", { location: `${other.url}/oauth2/token` }));
    await rejection(credentials(provider).get(signal), "bad-answer");
    assert.deepEqual(other.log, []);
  });

  it("distinguishes an unreachable provider and a wrong form from a refusal", async () => {
    const provider = await startService();
    provider.fail(/./, text(200, "text/html", "<h1>Sign in</h1>"), json(200, { token: "x" }));
    await rejection(credentials(provider).get(signal), "bad-answer");
    await rejection(credentials(provider).get(signal), "bad-answer");
    provider.fail(/./, cut, cut, cut);
    await rejection(credentials(provider).get(signal), "unreachable");
    await rejection(credentials(provider, { tokenUrl: "login.example.com" }).get(signal), "no-config");
  });

  it("lets one caller give up while the others get their token", async () => {
    const [service, provider] = [await startService(), await startService()];
    provider.fail(/./, (request, response) => setTimeout(() => grant("t1")(request, response), 100));
    service.token = "t1";
    const client = clientOf(service, { tokens: credentials(provider) });
    const stop = new AbortController();
    const impatient = client.startJob(REQUEST, { signal: stop.signal });
    const patient = client.startJob(REQUEST);
    setTimeout(() => stop.abort(), 30);
    await rejection(impatient, "cancelled");
    await patient;
    assert.equal(provider.requests.length, 1);
  });

  it("asks again after all callers have given up", async () => {
    const provider = await startService();
    provider.fail(/./, hang, grant("t2"));
    const tokens = credentials(provider);
    const stop = new AbortController();
    const first = tokens.get(stop.signal);
    setTimeout(() => stop.abort(), 30);
    await assert.rejects(first);
    assert.equal(await tokens.get(signal), "t2");
  });
});
