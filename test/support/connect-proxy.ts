import { once } from "node:events";
import http, { type IncomingMessage } from "node:http";
import net, { type AddressInfo } from "node:net";
import type { Duplex } from "node:stream";

/** A real HTTP proxy: opens tunnels by CONNECT, and sends plain http on. Resolves every name to this machine. */
export class ConnectProxy {
  /** Requests so far: `CONNECT host:port` or `POST http://…`. */
  readonly requests: string[] = [];
  /** Headers of all requests, to search for secrets. */
  readonly headers: IncomingMessage["headers"][] = [];
  /** `user:password` that it requires. */
  auth: string | undefined;
  /** Status codes for the next CONNECTs, instead of a tunnel. */
  readonly refusals: number[] = [];
  /** Whether it never responds to a CONNECT. */
  isSilent = false;
  readonly #sockets = new Set<net.Socket>();
  readonly #server = http.createServer((request, response) => {
    if (!this.#admits(request)) return void response.writeHead(407).end();
    const { port, pathname, search } = new URL(request.url ?? "");
    const target = {
      host: "127.0.0.1",
      port,
      path: pathname + search,
      method: request.method,
      headers: request.headers,
    };
    const onward = http.request(target, (incoming) => {
      response.writeHead(incoming.statusCode ?? 502, incoming.headers);
      incoming.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  });

  static async start(): Promise<ConnectProxy> {
    const proxy = new ConnectProxy();
    proxy.#server.on("connection", (socket) => proxy.#keep(socket));
    proxy.#server.on("connect", (request, socket) => proxy.#tunnel(request, socket));
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get url(): URL {
    return new URL(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`);
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#sockets.forEach((socket) => socket.destroy());
    await once(this.#server, "close");
  }

  #tunnel(request: IncomingMessage, socket: Duplex): void {
    const refusal = this.#admits(request) ? this.refusals.shift() : 407;
    if (this.isSilent) return;
    if (refusal !== undefined) return void socket.end(`HTTP/1.1 ${refusal} No\r\n\r\n`);
    const onward = net.connect(Number(request.url?.split(":").at(-1)), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.pipe(onward).pipe(socket);
    });
    this.#keep(onward);
    onward.on("close", () => socket.destroy());
    socket.on("close", () => onward.destroy());
  }

  #admits(request: IncomingMessage): boolean {
    this.requests.push(`${request.method} ${request.url}`);
    this.headers.push(request.headers);
    const wanted = this.auth === undefined ? undefined : `Basic ${Buffer.from(this.auth).toString("base64")}`;
    return request.headers["proxy-authorization"] === wanted;
  }

  #keep(socket: net.Socket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => undefined);
  }
}
