import assert from "node:assert/strict";
import { json, ScriptedService } from "../support/scripted-service";
import { pipeline, RunningFlow, useScratchUserDir, since41 } from "./flow";

const MESSAGE = { payload: { fileIds: [17], points: [[0.5, 0.5]] } };

describe("environment variables in a config node", () => {
  useScratchUserDir();
  const set: string[] = [];
  let service: ScriptedService;
  beforeEach(async () => (service = await ScriptedService.start()));
  afterEach(async () => {
    for (const name of set.splice(0)) Reflect.deleteProperty(process.env, name);
    await service.close();
  });

  /** The fields with a variable in place of each value. */
  function inEnvironment(fields: Record<string, string>): Record<string, string> {
    const names = Object.entries(fields).map(([field, value]) => {
      const name = `SEGMENT_TEST_${field.toUpperCase()}`;
      process.env[name] = value;
      set.push(name);
      return [field, `\${${name}}`];
    });
    return Object.fromEntries(names) as Record<string, string>;
  }

  async function start(config: object, credentials: object): Promise<string> {
    const flow = await RunningFlow.load(pipeline(config, { start: { wires: [["completed"]] } }), {
      config: credentials,
    });
    flow.send("start", MESSAGE);
    return (await flow.next("completed")).segment?.service as string;
  }

  it("stand for every text, number and choice, and for the client secret", async () => {
    const provider = await ScriptedService.start();
    try {
      provider.fail(/./, json(200, { access_token: "t1", expires_in: 3600 }));
      const fields = {
        service: "cdf",
        baseUrl: service.url,
        cluster: "westeurope-1",
        project: "plant",
        apiVersion: "alpha",
        auth: "oauth",
        tokenUrl: `${provider.url}/token`,
        clientId: "gateway",
        scopes: "a b",
        audience: "https://plant",
        clientAuth: "post",
        timeout: "10",
        retries: "0",
        concurrency: "2",
        maxJobs: "3",
        maxPending: "4",
      };
      const used = await start(inEnvironment(fields), inEnvironment({ clientSecret: "s3cret" }));
      assert.equal(used, `${service.url}/api/v1/projects/plant`);
      assert.equal(service.requests[0]?.path, "/api/v1/projects/plant/context/vision/segment");
      assert.equal(service.requests[0].headers["cdf-version"], "alpha");
      assert.equal(service.requests[0].headers.authorization, "Bearer t1");
      assert.deepEqual(Object.fromEntries(new URLSearchParams(provider.requests[0]?.body.toString())), {
        grant_type: "client_credentials",
        scope: "a b",
        audience: "https://plant",
        client_id: "gateway",
        client_secret: "s3cret",
      });
    } finally {
      await provider.close();
    }
  });

  it("stand for a token", async () => {
    await start({ ...inEnvironment({ baseUrl: service.url }), service: "server", auth: "token" }, inEnvironment({ token: "t0ken" })); // prettier-ignore
    assert.equal(service.requests[0]?.headers.authorization, "Bearer t0ken");
  });

  it("are named when they are not set, and nothing is sent; an empty one leaves its field empty", async () => {
    // Node-RED 3.1 takes a variable that is empty for one that is not set.
    const unset = "${SEGMENT_TEST_NOT_SET}";
    const config = {
      service: "server",
      baseUrl: service.url,
      auth: "token",
      ...inEnvironment(since41({ project: "" }) ?? {}),
    };
    const flow = await RunningFlow.load(pipeline(config), { config: { token: unset, clientSecret: unset } });
    flow.send("start", MESSAGE);
    const { error } = await flow.next("caught");
    assert.equal(error?.code, since41("no-config"));
    assert.match(error!.message, /"test": token: the environment variable SEGMENT_TEST_NOT_SET is not set/);
    await flow.redeploy("full", { config: { auth: "none", timeout: unset } });
    flow.send("start", MESSAGE);
    assert.match((await flow.next("caught")).error?.message ?? "", /timeout: the environment variable/);
    await flow.redeploy("full", { config: { auth: "none", timeout: "5", name: unset } });
    flow.send("start", MESSAGE);
    while (service.requests.length === 0) await new Promise(setImmediate);
    assert.deepEqual(service.log, ["POST /api/v1/projects/default/context/vision/segment"]);
  });
});
