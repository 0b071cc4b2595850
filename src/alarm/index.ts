/** Limits with hysteresis, hold time and latch: pure functions, without clocks, messages or files. */
export * from "./alarm";
export * from "./settings";
export * from "./topics";
