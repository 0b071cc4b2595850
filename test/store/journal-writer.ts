// A process that puts and removes records until it is killed. Prints on stdout what it begins and what is done.
import { z } from "zod";
import { Journal } from "../../src/store";

/** Records that are put before the first of them is removed; each tenth stays for good. */
const BEHIND = 9;

async function main(path: string): Promise<void> {
  const journal = await Journal.open(path, z.object({ n: z.number(), filler: z.string() }));
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  const put = async (n: number): Promise<void> => {
    print(`putting ${n}`);
    await journal.put(String(n), { n, filler: String(n % 10).repeat(50_000) });
    print(`put ${n}`);
  };
  const remove = async (n: number): Promise<void> => {
    print(`removing ${n}`);
    await journal.remove(String(n));
    print(`removed ${n}`);
  };
  for (let n = 0; ; n += 3) {
    await Promise.all([n, n + 1, n + 2].map(put));
    const old = [n, n + 1, n + 2].map((number) => number - BEHIND).filter((number) => number > 0 && number % 10 !== 0);
    await Promise.all(old.map(remove));
  }
}

void main(process.argv[2] ?? "");
