/** The contract: wire forms as zod schemas, their types, and the family of errors. Imports nothing of ours. */
export * from "./segment-error";
export * from "./engine-names";
export * from "./errors";
export * from "./files";
export * from "./geometry";
export * from "./segment";
export * from "./draw";
export * from "./ipc";
export * from "./sam";
