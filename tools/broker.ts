import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";

/** An MQTT broker in this process, on a free port of this machine only. */
export interface Broker {
  port: number;
  /** Publishes a message. With `retain`, clients that subscribe later receive it too. */
  publish(topic: string, payload: Buffer | string, retain?: boolean): Promise<void>;
  /** Resolves when a client has subscribed to a topic. */
  subscribed(topic: string): Promise<void>;
  /** Calls back for each message that a client has published. */
  onMessage(listener: (topic: string, payload: Buffer) => void): void;
  stop(): Promise<void>;
}

/** Starts a broker. */
export async function startBroker(): Promise<Broker> {
  const { Aedes } = await import("aedes"); // an ES module
  const aedes = await Aedes.createBroker();
  const server = createServer(aedes.handle);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  const topics = new Set<string>();
  const waiting = new Map<string, () => void>();
  aedes.on("subscribe", (subscriptions) => {
    for (const { topic } of subscriptions) {
      topics.add(topic);
      waiting.get(topic)?.();
    }
  });

  return {
    port: (server.address() as AddressInfo).port,
    publish: (topic, payload, retain = false) =>
      new Promise((resolve, reject) => {
        aedes.publish({ cmd: "publish", topic, payload, qos: 0, retain, dup: false }, (error) => {
          if (error) reject(error);
          else resolve();
        });
      }),
    subscribed: (topic) =>
      topics.has(topic) ? Promise.resolve() : new Promise((resolve) => waiting.set(topic, resolve)),
    onMessage: (listener) => {
      aedes.on("publish", ({ topic, payload }, client) => {
        if (client !== null) listener(topic, Buffer.from(payload));
      });
    },
    stop: async () => {
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
