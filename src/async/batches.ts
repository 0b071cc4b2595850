/**
 * Runs an action on all items, at most `size` at once, as more open files than the system allows would fail.
 * Between two batches it stops once `signal` is aborted.
 */
export async function inBatches<Item>(
  items: readonly Item[],
  size: number,
  action: (item: Item) => Promise<unknown>,
  signal?: AbortSignal,
): Promise<void> {
  for (let start = 0; start < items.length && signal?.aborted !== true; start += size) {
    await Promise.all(items.slice(start, start + size).map(action));
  }
}
