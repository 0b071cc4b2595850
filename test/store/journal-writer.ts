// A process that puts and removes records until it is killed. Tells each step on stdout when it is on the disk.
import { z } from "zod";
import { Journal } from "../../src/store";

/** A removal of each third record follows when so many others have been put. */
const BEHIND = 9;

async function main(path: string): Promise<void> {
  const journal = await Journal.open(path, z.object({ n: z.number(), filler: z.string() }));
  const tell = (text: string): void => void process.stdout.write(`${text}\n`);
  const put = async (n: number): Promise<void> => {
    tell(`putting ${n}`);
    await journal.put(String(n), { n, filler: String(n % 10).repeat(50_000) });
    tell(`put ${n}`);
  };
  for (let n = 0; ; n += 3) {
    await Promise.all([put(n), put(n + 1), put(n + 2)]);
    if (n < BEHIND) continue;
    await journal.remove(String(n - BEHIND));
    tell(`removed ${n - BEHIND}`);
  }
}

void main(process.argv[2] ?? "");
