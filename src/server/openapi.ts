import type { FastifyInstance, RouteOptions } from "fastify";
import { z } from "zod";
import { errorBodySchema } from "../api";
import type { Operation } from "./route";
import { VERSION } from "./version";

const BYTES = { schema: { type: "string", format: "binary" } };

/**
 * Collects the routes that are added to the app from now on.
 * @returns a function that creates the OpenAPI 3.1 document of the routes collected so far
 */
export function collectOpenApi(app: FastifyInstance): () => object {
  const paths: Record<string, Record<string, object>> = {};
  app.addHook("onRoute", (route) => {
    const { operation } = route.config ?? {};
    if (operation === undefined || route.method === "HEAD") return; // fastify adds HEAD to each GET
    const item = (paths[pathOf(route.url)] ??= {});
    for (const method of [route.method].flat()) item[method.toLowerCase()] = describe(operation, route);
  });
  return () => ({
    openapi: "3.1.0",
    info: { title: "Segment server", version: VERSION },
    security: [{ token: [] }],
    components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
    paths,
  });
}

/** A path in OpenAPI's form: `/jobs/{jobId}` for `/jobs/:jobId`. */
function pathOf(url: string): string {
  return url.replace(/:(\w+)/g, "{$1}");
}

function describe({ summary, params, query, headers, body, response, status = 200 }: Operation, route: RouteOptions) {
  return {
    summary,
    ...(route.config?.open === true && { security: [] }),
    parameters: [...parameters("path", params), ...parameters("query", query), ...parameters("header", headers)],
    ...(body !== undefined && { requestBody: { required: true, content: contentOf(body, "input") } }),
    responses: {
      [status]: { description: "Done", ...(response !== undefined && { content: contentOf(response, "output") }) },
      default: { description: "Error", content: contentOf(errorBodySchema, "output") },
    },
  };
}

function parameters(location: "path" | "query" | "header", schema: z.ZodObject | undefined): object[] {
  return Object.entries(schema?.shape ?? {}).map(([name, field]) => {
    // On the wire it is text. The parsed type is more useful to the reader.
    const { description, ...rest } = z.toJSONSchema(field, { io: "output" });
    delete rest.$schema;
    const required = !z.safeParse(field, undefined).success;
    return { name, in: location, ...(required && { required }), ...(description && { description }), schema: rest };
  });
}

function contentOf(content: z.ZodType | string[], io: "input" | "output"): object {
  if (Array.isArray(content)) return Object.fromEntries(content.map((type) => [type, BYTES]));
  return { "application/json": { schema: z.toJSONSchema(content, { io }) } };
}
