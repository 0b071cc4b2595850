/** The contract: wire formats as zod schemas, their types, and the error classes. Imports no other folder of src. */
export * from "./segment-error";
export * from "./engine-names";
export * from "./errors";
export * from "./files";
export * from "./geometry";
export * from "./segment";
export * from "./draw";
export * from "./ipc";
export * from "./sam";
