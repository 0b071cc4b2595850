// A process that overwrites one record until it is killed. Prints on stdout the number that is on the disk.
import { z } from "zod";
import { RecordStore } from "../../src/store";

async function main(dir: string): Promise<void> {
  const store = await RecordStore.open(dir, z.object({ n: z.number(), filler: z.string() }));
  let n = (await store.get("the one"))?.n ?? 0;
  for (;;) {
    n += 1;
    await store.put("the one", { n, filler: String(n % 10).repeat(200_000) });
    process.stdout.write(`${n}\n`);
  }
}

void main(process.argv[2] ?? "");
