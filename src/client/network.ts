import { rootCertificates, type ConnectionOptions, type SecureContextOptions } from "node:tls";

/** TLS of a client: the authorities by which it trusts a server, and its own certificate. */
export type TlsOptions = Pick<SecureContextOptions, "ca" | "cert" | "key" | "passphrase"> &
  Pick<ConnectionOptions, "rejectUnauthorized" | "servername" | "ALPNProtocols">;

/** An HTTP proxy that the user named. */
export interface Proxy {
  url: URL;
  /** `user:password`, if the proxy requires them. */
  auth?: string;
  /** Hosts that are reached without it: `name`, `.domain`, `*.domain`, each also with `:port`; `*` for all. */
  exceptions: string[];
}

/** How a client reaches its service. Without `proxy`, the environment's proxy is used. */
export interface Network {
  tls?: TlsOptions;
  proxy?: Proxy;
}

/** For an address that the user has set, but that is not the service's own: the usual authorities are trusted, too. */
export function tlsOfTokenUrl(tls: TlsOptions): TlsOptions {
  return { ...tls, ...tlsElsewhere(tls), servername: undefined, ALPNProtocols: undefined };
}

/** For a link from a service: it does not see the client's certificate, and is always verified. */
export function tlsElsewhere({ ca }: TlsOptions): TlsOptions {
  return ca === undefined ? {} : { ca: [...rootCertificates, ...[ca].flat()] };
}

/** Whether requests to an address bypass the proxy. */
export function isException(url: URL, { exceptions }: Proxy): boolean {
  const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
  return exceptions.some((exception) => {
    const [, name = "", onlyPort = port] = /^(.*?)(?::(\d+))?$/.exec(exception.trim().toLowerCase()) ?? [];
    if (name === "" || onlyPort !== port) return false;
    return /^[.*]/.test(name) ? url.hostname.endsWith(name.replace("*", "")) : url.hostname === name;
  });
}
