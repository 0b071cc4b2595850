import { z } from "zod";

/**
 * What the embedded server's parent (the nodes) says to its child over IPC.
 * The token travels here and nowhere else: not in the environment, not on the command line.
 */
export const parentMessageSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("start"), token: z.string().min(16) }),
  z.strictObject({ type: z.literal("stop") }),
]);
export type ParentMessage = z.infer<typeof parentMessageSchema>;

/** What the child answers: that it listens, or why it can't. */
export const childMessageSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("ready"), url: z.string().min(1) }),
  z.strictObject({ type: z.literal("failed"), message: z.string() }),
]);
export type ChildMessage = z.infer<typeof childMessageSchema>;
