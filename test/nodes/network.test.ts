import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { NodeAPI } from "node-red";
import { makeCertificates, type Certificates } from "../support/certificates";
import { ConnectProxy } from "../support/connect-proxy";
import { json, ScriptedService } from "../support/scripted-service";
import { pipeline, RunningFlow, useScratchUserDir, type FlowNode, since41 } from "./flow";

const load = createRequire(__filename);
const CORE_NODES = ["05-tls", "06-httpproxy"].map(
  (name) => load(`@node-red/nodes/core/network/${name}.js`) as (RED: NodeAPI) => void,
);
const MESSAGE = { payload: { fileIds: [17], points: [[0.5, 0.5]] } };

describe("the network of a config node", () => {
  useScratchUserDir();
  let certificates: Certificates;
  let service: ScriptedService;
  let provider: ScriptedService;
  let proxy: ConnectProxy;
  before(() => void (certificates = makeCertificates()));
  beforeEach(async () => {
    const { server, authority } = certificates;
    const tls = { ...server, ca: authority, requestCert: true };
    service = await ScriptedService.start(tls);
    provider = await ScriptedService.start(tls);
    proxy = await ConnectProxy.start();
  });
  afterEach(async () => {
    for (const resource of [service, provider, proxy]) await resource.close();
  });

  const tlsNode = { id: "tls", type: "tls-config", cert: "", key: "", ca: "", verifyservercert: true };
  const tlsCredentials = (): object => ({
    certdata: certificates.client.cert,
    keydata: certificates.client.key,
    cadata: certificates.authority,
  });
  const proxyNode = (): FlowNode => ({ id: "proxy", type: "http proxy", url: proxy.url.href, noproxy: [] });
  const flowOf = (config: object, ...nodes: FlowNode[]): FlowNode[] => [
    ...pipeline(
      { service: "server", baseUrl: service.url, retries: "0", ...config },
      { start: { wires: [["completed"]] } },
    ),
    ...nodes,
  ];
  const run = (flow: FlowNode[], credentials: object): Promise<RunningFlow> =>
    RunningFlow.load(flow, credentials, CORE_NODES);

  it("takes certificates from a TLS node and the proxy from a proxy node, for service and token URL", async () => {
    provider.fail(/./, json(200, { access_token: "t1", expires_in: 3600 }));
    proxy.auth = "operator:secret";
    const oauth = { auth: "oauth", tokenUrl: `${provider.url}/token`, clientId: "me" };
    const flow = await run(flowOf({ tls: "tls", proxy: "proxy", ...oauth }, tlsNode, proxyNode()), {
      config: { clientSecret: "s" },
      tls: tlsCredentials(),
      proxy: { username: "operator", password: "secret" },
    });
    flow.send("start", MESSAGE);
    await flow.next("completed");
    assert.equal(service.requests[0]?.headers.authorization, "Bearer t1");
    const clients = [service, provider].map(({ requests: [first] }) => first?.client);
    assert.deepEqual(clients, ["gateway-4", "gateway-4"]);
    assert.deepEqual(
      proxy.requests,
      [provider, service].map(({ url }) => `CONNECT ${new URL(url).host}`),
    );
  });

  it("takes a proxy without a scheme, with its login in the URL, and leaves its exceptions alone", async () => {
    proxy.auth = "operator:p@ss";
    const url = `operator:p%40ss@${proxy.url.host}`;
    const flow = await run(flowOf({ tls: "tls", proxy: "proxy" }, tlsNode, { ...proxyNode(), url: `http://${url}` }), {
      tls: tlsCredentials(),
    });
    flow.send("start", MESSAGE);
    await flow.next("completed");
    assert.equal(proxy.requests.length, 1);
    proxy.auth = undefined;
    await flow.redeploy("full", { proxy: { url: proxy.url.host } });
    flow.send("start", MESSAGE);
    await flow.next("completed");
    assert.equal(proxy.requests.length, 2);
    await flow.redeploy("full", { proxy: { noproxy: ["127.0.0.1"] } });
    flow.send("start", MESSAGE);
    await flow.next("completed");
    assert.equal(proxy.requests.length, 2);
    assert.equal(service.requests.length, 3);
  });

  it("says so when such a node is missing or can't be used", async () => {
    const rows: [object, FlowNode[], RegExp][] = [
      [{ tls: "gone" }, [], /Config node "test": its TLS node is missing/],
      [{ proxy: "gone" }, [], /its proxy node is missing/],
      [{ tls: "proxy" }, [proxyNode()], /its TLS node is missing/],
      [{ tls: "tls" }, [{ ...tlsNode, ca: "/no/such/file.crt" }], /can't read its certificates/],
      [{ proxy: "proxy" }, [{ ...proxyNode(), url: "" }], /has no URL/],
      [{ proxy: "proxy" }, [{ ...proxyNode(), url: "http://me:hunter2@:x" }], /must be like http:/],
    ];
    const flow = await run(flowOf({}), {});
    for (const [config, nodes, text] of rows) {
      await flow.deploy("full", flowOf(config, ...nodes));
      flow.send("start", MESSAGE);
      const { error } = await flow.next("caught");
      assert.ok(error);
      assert.equal(error.code, since41("no-config"), error.message);
      assert.match(error.message, text);
      assert.doesNotMatch(error.message, /hunter2/);
    }
    assert.deepEqual(service.log, []);
  });
});
