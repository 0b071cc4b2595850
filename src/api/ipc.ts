import { z } from "zod";

/**
 * Messages from the embedded server's parent (the nodes) to its child over IPC.
 * The token is sent only here: never in the environment or on the command line.
 */
export const parentMessageSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("start"), token: z.string().min(16) }),
  z.strictObject({ type: z.literal("stop") }),
]);
export type ParentMessage = z.infer<typeof parentMessageSchema>;

/** Replies of the child: it is listening, or why it can't. */
export const childMessageSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("ready"), url: z.string().min(1) }),
  z.strictObject({ type: z.literal("failed"), message: z.string() }),
]);
export type ChildMessage = z.infer<typeof childMessageSchema>;
