/**
 * The environment variable that a field of a dialog names: `${NAME}`, and nothing beside it. Node-RED puts the variable's
 * value in the place of such a text, and leaves the text as it is when the variable is not set.
 */
export function variableOf(value: unknown): string | undefined {
  return typeof value === "string" ? /^\$\{([^}]+)\}$/.exec(value)?.[1] : undefined;
}
