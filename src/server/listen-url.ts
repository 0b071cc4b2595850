import type { Server } from "node:net";

/** "All addresses" is nothing to connect to: a client on this machine takes the loopback. */
const ALL_ADDRESSES = new Map([
  ["0.0.0.0", "127.0.0.1"],
  ["::", "::1"],
]);

/** The URL by which a client on this machine reaches a server that listens. */
export function listenUrl(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server does not listen on a port");
  const host = ALL_ADDRESSES.get(address.address) ?? address.address;
  return `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`;
}
