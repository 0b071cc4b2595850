const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Calls back once when `ms` have passed on the monotonic clock; a bare `setTimeout` fires at once beyond 24.8 days.
 * Returns the function that cancels it.
 */
export function startDeadline(ms: number, onEnd: () => void): () => void {
  const endsAt = performance.now() + ms;
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    const left = endsAt - performance.now();
    timer = setTimeout(left > LONGEST_TIMER_MS ? arm : onEnd, Math.min(left, LONGEST_TIMER_MS));
  };
  arm();
  return () => clearTimeout(timer);
}
