/** The server chooses the engine. */
export const AUTO = "auto";

/** The engine choices, the default first. In a file of its own, because the nodes import it without loading zod. */
export const ENGINE_NAMES = [AUTO, "graphcut", "sam"] as const;
export type EngineChoice = (typeof ENGINE_NAMES)[number];
export type EngineName = Exclude<EngineChoice, typeof AUTO>;
