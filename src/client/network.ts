import { rootCertificates, type ConnectionOptions, type SecureContextOptions } from "node:tls";

/** How a client speaks TLS: with which authorities it trusts a server, and by which certificate it is known itself. */
export type TlsOptions = Pick<SecureContextOptions, "ca" | "cert" | "key" | "passphrase"> &
  Pick<ConnectionOptions, "rejectUnauthorized" | "servername" | "ALPNProtocols">;

/** An HTTP proxy that the user named. */
export interface Proxy {
  url: URL;
  /** `user:password`, if the proxy wants them. */
  auth?: string;
  /** Hosts that are reached without it: `name`, `.domain`, `*.domain`, each also with `:port`; `*` for all. */
  exceptions: string[];
}

/** How a client reaches its service. Without a proxy of its own that of the environment counts. */
export interface Network {
  tls?: TlsOptions;
  proxy?: Proxy;
}

/** For an address that is the user's too, but not the service's own: there the usual authorities are trusted as well. */
export function tlsOfTokenUrl(tls: TlsOptions): TlsOptions {
  return { ...tls, ...tlsElsewhere(tls), servername: undefined, ALPNProtocols: undefined };
}

/** For an address that a service handed out: it sees no certificate of the client, and is always verified. */
export function tlsElsewhere({ ca }: TlsOptions): TlsOptions {
  return ca === undefined ? {} : { ca: [...rootCertificates, ...[ca].flat()] };
}

/** Whether an address is reached without the proxy. */
export function isException(url: URL, { exceptions }: Proxy): boolean {
  const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
  return exceptions.some((exception) => {
    const [, name = "", onlyPort = port] = /^(.*?)(?::(\d+))?$/.exec(exception.trim().toLowerCase()) ?? [];
    if (name === "" || onlyPort !== port) return false;
    return /^[.*]/.test(name) ? url.hostname.endsWith(name.replace("*", "")) : url.hostname === name;
  });
}
