/** The choice that is left to the server. */
export const AUTO = "auto";

/** What can be chosen as engine, the default first. Has a file of its own, as the nodes read it without loading zod. */
export const ENGINE_NAMES = [AUTO, "graphcut", "sam"] as const;
export type EngineChoice = (typeof ENGINE_NAMES)[number];
export type EngineName = Exclude<EngineChoice, typeof AUTO>;
