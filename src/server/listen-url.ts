import type { Server } from "node:net";

/** Nobody can connect to "all addresses": a client on this machine uses the loopback instead. */
const ALL_ADDRESSES = new Map([
  ["0.0.0.0", "127.0.0.1"],
  ["::", "::1"],
]);

/** The URL at which a client on this machine reaches a listening server. */
export function listenUrl(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server does not listen on a port");
  const host = ALL_ADDRESSES.get(address.address) ?? address.address;
  return `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`;
}
