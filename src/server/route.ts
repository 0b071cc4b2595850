import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import { parsePart } from "./http-error";

/** What a route takes and returns. These schemas check its requests, and the OpenAPI document is built from them. */
export interface Operation {
  summary: string;
  /** Parameters of the path, such as `jobId` in `/jobs/:jobId`. */
  params?: z.ZodObject;
  query?: z.ZodObject;
  /** The headers that the route reads, in their usual spelling: `Idempotency-Key`. */
  headers?: z.ZodObject;
  /** The JSON body, or the content types of a body of bytes. */
  body?: z.ZodType | string[];
  /** The JSON body of a response, or the content types of a response of bytes. Missing if there is no body. */
  response?: z.ZodType | string[];
  /** Status of a successful response, 200 by default. */
  status?: number;
}

declare module "fastify" {
  interface FastifyContextConfig {
    operation?: Operation;
  }
}

/** A route: its operation and what else fastify needs. */
interface Route<O extends Operation> {
  method: "GET" | "POST" | "PUT";
  /** In fastify's form: `/jobs/:jobId`. */
  url: string;
  operation: O;
  /** The route needs no token: it reveals no secret, or its link is signed. */
  open?: boolean;
  /** Maximum size of a request body in bytes. */
  bodyLimit?: number;
  handler: (input: Input<O>, request: FastifyRequest, reply: FastifyReply) => ResponseOf<O> | Promise<ResponseOf<O>>;
}

/** The checked parts of a request. */
interface Input<O extends Operation> {
  params: Parsed<O["params"]>;
  query: Parsed<O["query"]>;
  headers: Parsed<O["headers"]>;
  body: Parsed<O["body"]>;
}
type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;
/** What a handler returns: the JSON body, or the reply if it has sent bytes or an empty body itself. */
type ResponseOf<O extends Operation> = O["response"] extends z.ZodType ? z.input<O["response"]> : FastifyReply;

/**
 * Adds a route. Its handler gets the parts of the request that its operation has a schema for. A request whose parts do
 * not match their schemas gets a 400 response.
 */
export function addRoute<const O extends Operation>(app: FastifyInstance, route: Route<O>): void {
  const { method, url, operation, open = false, bodyLimit, handler } = route;
  app.route({
    method,
    url,
    config: { operation, open },
    ...(bodyLimit === undefined ? {} : { bodyLimit }),
    handler: async (request, reply) => {
      if (operation.status !== undefined) reply.code(operation.status);
      return handler(readInput(operation, request), request, reply);
    },
  });
}

function readInput<O extends Operation>({ params, query, headers, body }: O, request: FastifyRequest): Input<O> {
  const input = {
    params: params && parsePart(params, request.params, "path"),
    query: query && parsePart(query, request.query, "query"),
    headers: headers && parsePart(headers, namedHeaders(headers, request), "headers"),
    body: body === undefined || Array.isArray(body) ? undefined : parsePart(body, request.body, "body"),
  };
  return input as Input<O>; // each part was checked by the schema that its type is made of
}

/** The headers that a schema names, in its spelling. Node.js has them in lower case. */
function namedHeaders(schema: z.ZodObject, request: FastifyRequest): Record<string, unknown> {
  const names = Object.keys(schema.shape);
  return Object.fromEntries(names.map((name) => [name, request.headers[name.toLowerCase()]]));
}
