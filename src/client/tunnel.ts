import http from "node:http";
import https from "node:https";
import { isIPv6 } from "node:net";
import type { Duplex } from "node:stream";
import type { Proxy } from "./network";

const CONNECT_TIMEOUT_MS = 30_000;

/** The proxy refused to connect to the server. */
export class ProxyError extends Error {
  override readonly name = "ProxyError";

  constructor(
    proxy: string,
    readonly status: number,
  ) {
    const advice = status === 407 ? ": it requires a login, so check its user and password" : "";
    super(`the proxy ${proxy} answered HTTP ${status}${advice}`);
  }
}

/**
 * Reaches HTTPS servers by a proxy's CONNECT, so that TLS goes from end to end and the proxy sees neither token nor
 * picture. axios can do so too, but opens a new tunnel for every request and shows the proxy our certificate.
 */
export class TunnelAgent extends https.Agent {
  readonly #proxy: Proxy;

  constructor(proxy: Proxy, options: https.AgentOptions) {
    super(options);
    this.#proxy = proxy;
  }

  override createConnection(
    options: https.RequestOptions,
    callback: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const failed = callback as (error: Error) => void;
    openTunnel(this.#proxy, options)
      .then((socket) => {
        const secured = { ...options, socket };
        try {
          return super.createConnection(secured) as Duplex;
        } catch (error) {
          socket.destroy(); // a key or certificate that can't be used
          throw error;
        }
      })
      .then((stream) => callback(null, stream), failed);
  }
}

/** A connection that leads through the proxy to the host and port of the options. */
function openTunnel({ url, auth }: Proxy, { host, port }: https.RequestOptions): Promise<Duplex> {
  const target = `${isIPv6(host ?? "") ? `[${host}]` : host}:${port}`;
  return new Promise((resolve, reject) => {
    const request = (url.protocol === "https:" ? https : http).request({
      method: "CONNECT",
      host: url.hostname.replace(/^\[|\]$/g, ""),
      port: url.port,
      path: target,
      headers: { host: target, ...proxyAuthorization(auth) },
      agent: false,
      timeout: CONNECT_TIMEOUT_MS,
    });
    request.once("connect", ({ statusCode = 0 }, socket, head) => {
      socket.setTimeout(0);
      if (statusCode === 200) {
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
      } else {
        socket.destroy();
        reject(new ProxyError(url.host, statusCode));
      }
    });
    request.once("response", ({ statusCode = 0 }) => {
      request.destroy();
      reject(new ProxyError(url.host, statusCode));
    });
    request.once("timeout", () => request.destroy(new Error("it does not answer")));
    request.once("error", ({ message }) => reject(new Error(`the proxy ${url.host} can't be reached: ${message}`)));
    request.end();
  });
}

function proxyAuthorization(auth: string | undefined): Record<string, string> {
  return auth === undefined ? {} : { "proxy-authorization": `Basic ${Buffer.from(auth).toString("base64")}` };
}
