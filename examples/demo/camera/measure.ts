import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { childProcesses, residentBytesOf } from "../../../tools/processes";
import type { Broker } from "../../../tools/broker";
import { CAMERA_TOPIC } from "../../../tools/dashboard";
import { numbered, ON_THE_PART } from "../../../tools/moving-parts";
import type { Operator } from "./operator";

/** How long the last picture may take to be shown. */
const PATIENCE_MS = 30_000;
/** When the process counts as warm and its memory is first measured, in a run of 60 s. */
const WARM = 1 / 6;

/** A camera that sends numbered pictures. */
export class Camera {
  /** When each picture was received by the broker, by its hash. */
  readonly sent = new Map<string, number>();
  #number = 0;

  constructor(
    private readonly broker: Broker,
    private readonly pictures: Buffer[],
  ) {}

  /** Sends the next picture. @returns its hash */
  async send(): Promise<string> {
    const which = this.pictures[this.#number % this.pictures.length];
    if (which === undefined) throw new Error("The camera has no pictures.");
    const picture = numbered(which, ++this.#number);
    const sha256 = createHash("sha256").update(picture).digest("hex");
    this.sent.set(sha256, Date.now());
    await this.broker.publish(CAMERA_TOPIC, picture);
    return sha256;
  }
}

/** Waits for the first picture, clicks on the part in its middle, and waits for the outline. */
export async function choosePart(camera: Camera, operator: Operator): Promise<void> {
  await camera.send();
  await operator.click(ON_THE_PART);
  await operator.outlined();
}

/**
 * Sends pictures one by one.
 * @returns for each the time from the broker to the operator's page, in milliseconds; pictures that were not shown are
 *   left out
 */
export async function measureDelays(
  camera: Camera,
  operator: Operator,
  { count, everyMs }: { count: number; everyMs: number },
): Promise<number[]> {
  const hashes: string[] = [];
  const start = Date.now();
  for (let index = 0; index < count; index++) {
    hashes.push(await camera.send());
    await delay(Math.max(0, start + (index + 1) * everyMs - Date.now()));
  }
  await shown(operator, hashes.at(-1));
  return hashes.flatMap((hash) => delayOf(camera, operator, hash) ?? []);
}

/** Result of ten pictures a second. */
export interface Flood {
  sent: number;
  shown: number;
  /** Whether the last picture is the one that is shown at the end. */
  isNewestShown: boolean;
  /** In bytes, of Node-RED and its children, when warm and at the end. Known on Linux only. */
  memory?: { warm: number; last: number };
}

/** Sends ten pictures a second. @param pid of Node-RED */
export async function flood(camera: Camera, operator: Operator, pid: number, seconds: number): Promise<Flood> {
  const before = operator.seen.length;
  const count = seconds * 10;
  let last = "";
  let warm = 0;
  const start = Date.now();
  for (let index = 0; index < count; index++) {
    if (index === Math.round(count * WARM)) warm = memoryOf(pid);
    last = await camera.send();
    await delay(Math.max(0, start + (index + 1) * 100 - Date.now()));
  }
  const memory = { warm, last: memoryOf(pid) };
  await shown(operator, last);
  await delay(500); // an older one must not come after it
  return {
    sent: count,
    shown: operator.seen.length - before,
    isNewestShown: operator.seen.at(-1)?.sha256 === last,
    ...(warm > 0 ? { memory } : {}),
  };
}

async function shown(operator: Operator, sha256: string | undefined): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (operator.seen.at(-1)?.sha256 !== sha256 && Date.now() < end) await delay(50);
}

function delayOf(camera: Camera, operator: Operator, hash: string): number | undefined {
  const sent = camera.sent.get(hash);
  const seen = operator.seen.find(({ sha256 }) => sha256 === hash);
  return sent === undefined || seen === undefined ? undefined : seen.at - sent;
}

function memoryOf(pid: number): number {
  if (process.platform !== "linux") return 0;
  const children = childProcesses(pid);
  return [pid, ...children, ...children.flatMap(childProcesses)]
    .map(residentBytesOf)
    .reduce((sum, bytes) => sum + bytes, 0);
}
