import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { describeIssues, ENGINE_NAMES, errorText } from "../api";
import { PROVIDERS } from "../engine";
import { LOOPBACK } from "../server/access";

const DEFAULT_DATA_DIR = join(homedir(), ".node-red-segment");

/** A mistake in the command line: reported in one line, exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export const HELP = `Usage: segment-server [options]              start the server
       segment-server install-sam [options]  install weights and runtime of the sam engine

Options of the server:
  --port N             port to listen on, 0 = a free one (8020)
  --host ADDRESS       address to listen on (127.0.0.1); any but the loopback needs a token
  --token TOKEN        bearer token that requests must carry; better given in the environment
                       variable SEGMENT_SERVER_TOKEN, which other users of the machine can't see
  --data DIR           folder of jobs, files and pictures (${DEFAULT_DATA_DIR})
  --engine NAME        auto, graphcut or sam (auto): auto uses sam if it is installed and the machine has
                       2 GB of memory, else graphcut, which needs no installation
  --workers N          jobs that run at once on each engine (1)
  --keep-hours N       remove files and ended jobs after this time (24)
  --keep-megabytes N   remove the oldest files when all pictures together take more (1024); embeddings
                       use the rest; jobs and their results are not counted, only --keep-hours limits them
  --encoder FILE       your own ONNX encoder, together with
  --decoder FILE       your own ONNX decoder, of the SAM family
  --sam-providers LIST providers to compute on, the first that works: cuda, dml, coreml, cpu (cpu);
                       all but cpu need your own onnxruntime-node that supports them
  --user-dir DIR       further folder whose node_modules may contain weights and runtime
  --simulate FILE      for tests of flows: delay and fail requests as this JSON script says
                       (docs/simulator.md)
  --ipc                run as the child of a Node-RED, which sends token and commands over IPC

Options of install-sam:
  --data DIR           install into the folder "sam" of this data directory (${DEFAULT_DATA_DIR})
  --dir DIR            install into this folder instead; the server finds it with --user-dir DIR
  --from FOLDER        take the packages from tarballs in this folder, without internet
  --web                install onnxruntime-web instead of onnxruntime-node: slower, but it runs everywhere;
                       the default where onnxruntime-node does not run, as on Alpine Linux
  --yes                don't ask
  --status             install nothing; print as JSON whether the engine is installed, and what an
                       installation would add
  --user-dir DIR       further folder whose node_modules --status checks
  --ipc                run as the child of a Node-RED: don't ask, and end with it

  --help, --version    print this text, or the version

As soon as it listens, the server prints one line {"ready":true,"url":"http://…"} on stdout. Logs go to stderr.`;

const integer = (min: number, max: number) => z.coerce.number("must be a number").int().min(min).max(max);
const positive = z.coerce.number("must be a number").positive();
const path = z
  .string()
  .min(1)
  .transform((text) => resolve(text));
const FLAGS = new Set(["help", "version", "ipc", "yes", "web", "status"]);
const information = { help: z.boolean().default(false), version: z.boolean().default(false) };

const serverSchema = z.object({
  ...information,
  port: integer(0, 65_535).optional(),
  host: z.string().min(1).default("127.0.0.1"),
  token: z.string().min(1, "must not be empty").optional(),
  data: path.default(DEFAULT_DATA_DIR),
  engine: z.enum(ENGINE_NAMES).default(ENGINE_NAMES[0]),
  workers: integer(1, 64).default(1),
  "keep-hours": positive.default(24),
  "keep-megabytes": positive.default(1024),
  encoder: path.optional(),
  decoder: path.optional(),
  "sam-providers": z
    .string()
    .transform((text, context) => {
      const names = z.array(z.enum(PROVIDERS)).safeParse(text.split(","));
      if (names.success) return names.data;
      context.addIssue(`must be names from ${PROVIDERS.join(", ")}, separated by commas`);
      return z.NEVER;
    })
    .optional(),
  "user-dir": path.optional(),
  simulate: path.optional(),
  ipc: z.boolean().default(false),
});
/** The options that start a server. */
export type ServerArguments = z.infer<typeof serverSchema> & { port: number };

const installSchema = z.object({
  ...information,
  data: path.default(DEFAULT_DATA_DIR),
  dir: path.optional(),
  from: path.optional(),
  yes: z.boolean().default(false),
  web: z.boolean().default(false),
  status: z.boolean().default(false),
  "user-dir": path.optional(),
  ipc: z.boolean().default(false),
});
/** The options of install-sam. */
export type InstallArguments = z.infer<typeof installSchema>;

export type Command =
  | { name: "help" }
  | { name: "version" }
  | { name: "serve"; options: ServerArguments }
  | { name: "install-sam"; options: InstallArguments };

/** Reads the command line (without node and script). @throws {UsageError} */
export function parseCommand(args: readonly string[], env: NodeJS.ProcessEnv): Command {
  if (args[0] === "install-sam") {
    const options = parseOptions(installSchema, args.slice(1));
    return informationOf(options) ?? { name: "install-sam", options };
  }
  const options = parseOptions(serverSchema, args);
  const asked = informationOf(options);
  if (asked !== undefined) return asked;
  if (options.ipc && options.simulate !== undefined) throw new UsageError("--simulate can't be used with --ipc");
  // A child of Node-RED gets its token over IPC; one in the environment is for another server.
  const token = options.ipc ? undefined : (options.token ?? (env["SEGMENT_SERVER_TOKEN"] || undefined));
  if (token === undefined && !options.ipc && !LOOPBACK.includes(options.host)) {
    throw new UsageError(
      `Listening on ${options.host} gives other machines access: set a token with SEGMENT_SERVER_TOKEN or --token.`,
    );
  }
  return { name: "serve", options: { ...options, token, port: options.port ?? (options.ipc ? 0 : 8020) } };
}

function informationOf(options: { help: boolean; version: boolean }): Command | undefined {
  if (options.help) return { name: "help" };
  return options.version ? { name: "version" } : undefined;
}

/** Splits the arguments as the schema's fields need them (a flag, or a name with a text) and checks the texts. */
function parseOptions<Schema extends z.ZodObject>(schema: Schema, args: readonly string[]): z.infer<Schema> {
  const options = Object.fromEntries(
    Object.keys(schema.shape).map((name) => [
      name,
      { type: FLAGS.has(name) ? ("boolean" as const) : ("string" as const) },
    ]),
  );
  let values: object;
  try {
    ({ values } = parseArgs({ args: [...args], options, allowPositionals: false }));
  } catch (error) {
    // Node adds advice in further sentences and lines.
    throw new UsageError(errorText(error).split(/[.?]\s/, 1)[0] ?? "");
  }
  const parsed = schema.safeParse(values);
  if (!parsed.success) throw new UsageError(`Bad option --${describeIssues(parsed.error, values)}`);
  return parsed.data;
}
