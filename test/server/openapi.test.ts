import assert from "node:assert/strict";
import type { RouteOptions } from "fastify";
import { z } from "zod";
import { addRoute } from "../../src/server/route";
import { TestServer } from "./support";

const documentSchema = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        summary: z.string().min(1),
        security: z.array(z.object({})).optional(),
        parameters: z.array(
          z.object({ name: z.string(), in: z.string(), required: z.boolean().optional(), schema: z.looseObject({}) }),
        ),
        requestBody: z.object({ content: z.record(z.string(), z.looseObject({})) }).optional(),
        responses: z.record(z.string(), z.looseObject({})),
      }),
    ),
  ),
});

describe("the OpenAPI document", () => {
  let server: TestServer;
  const routes: RouteOptions[] = [];
  let document: z.infer<typeof documentSchema>;

  before(async () => {
    server = await TestServer.start({
      engine: "graphcut",
      prepareApp: (app) => {
        app.addHook("onRoute", (route) => void routes.push(route));
        addRoute(app, {
          method: "GET",
          url: "/wrong",
          open: true,
          operation: {
            summary: "A route whose response does not match its schema",
            response: z.object({ count: z.number() }),
          },
          handler: () => ({ count: JSON.parse('"many"') as number }),
        });
      },
    });
    document = documentSchema.parse((await server.http.get("/openapi.json")).data);
  });
  after(() => server.close());

  it("has each route of the server, with each part of its path", () => {
    const found = routes.flatMap(({ method, url }) =>
      [method].flat().map((name) => `${name} ${url.replace(/:(\w+)/g, "{$1}")}`),
    );
    const described = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((name) => `${name.toUpperCase()} ${path}`),
    );
    assert.ok(found.length > 15, found.join());
    assert.deepEqual(described.toSorted(), found.filter((name) => !name.startsWith("HEAD ")).toSorted());
    for (const [path, operations] of Object.entries(document.paths)) {
      const parts = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      for (const { parameters } of Object.values(operations)) {
        const named = parameters.filter((parameter) => parameter.in === "path");
        assert.deepEqual(named.map(({ name }) => name).toSorted(), parts.toSorted(), path);
        assert.ok(
          named.every(({ required }) => required),
          path,
        );
      }
    }
  });

  it("says which headers a job takes, with their bounds", () => {
    const { parameters } = document.paths["/api/v1/projects/{project}/context/vision/segment"]!["post"]!;
    const headers = Object.fromEntries(
      parameters.filter((each) => each.in === "header").map((each) => [each.name, each]),
    );
    assert.deepEqual(headers["x-segment-candidates"]!.schema, { type: "integer", minimum: 1, maximum: 4, default: 1 });
    assert.deepEqual(headers["Idempotency-Key"]!.schema, { type: "string", minLength: 1, maxLength: 255 });
    assert.deepEqual(headers["x-segment-engine"]!.schema["enum"], ["auto", "graphcut", "sam"]);
    assert.equal(headers["x-segment-engine"]!.required, undefined);
  });

  it("says which routes need no token", () => {
    const open = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.values(operations).some(({ security }) => security?.length === 0) ? [path] : [],
    );
    assert.deepEqual(open.toSorted(), ["/health", "/openapi.json", "/pictures/{fileId}", "/wrong"]);
  });

  it("names the content types of pictures", () => {
    const content = document.paths["/draw"]!["post"]!.responses["200"]!["content"];
    assert.deepEqual(Object.keys(z.looseObject({}).parse(content)), ["image/jpeg", "image/png"]);
  });

  it("a response that does not match its schema fails the tests", async () => {
    const { status } = await server.http.get("/wrong");
    assert.equal(status, 500);
    assert.match(server.logged.join("\n"), /GET \/wrong: the response does not match its schema/);
    server.logged.length = 0;
  });
});
