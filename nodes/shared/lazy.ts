/** Loads something at the first call and keeps it: Node searches for a module anew at each `import()`. */
export function lazy<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | undefined;
  return () => (loaded ??= load());
}
