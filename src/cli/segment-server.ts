#!/usr/bin/env node
import { errorText } from "../api";
import { runEmbedded } from "./embedded-mode";
import { runEmbeddedInstall } from "./embedded-install";
import { installSam, samStatus } from "./install-sam";
import type { Log } from "../server/log";
import { HELP, parseCommand, UsageError, type InstallArguments, type ServerArguments } from "./options";
import { startServer, type ServerOptions } from "../server/server";
import { readScript, ScriptError, startSimulatedServer } from "../simulator";
import { VERSION } from "../server/version";

const log: Log = (message) => void process.stderr.write(`${new Date().toISOString()} ${message}\n`);

async function main(): Promise<void> {
  const command = parseCommand(process.argv.slice(2), process.env);
  switch (command.name) {
    case "help":
      console.log(HELP);
      break;
    case "version":
      console.log(VERSION);
      break;
    case "install-sam":
      await install(command.options);
      break;
    case "serve":
      if (command.options.ipc) runEmbedded(serverOptions(command.options));
      else await serve(command.options);
  }
}

async function install(options: InstallArguments): Promise<void> {
  if (options.status) console.log(JSON.stringify(samStatus(options)));
  else if (options.ipc) await runEmbeddedInstall(options);
  else await installSam(options);
}

/** Runs the server until a signal ends the process. */
async function serve(args: ServerArguments): Promise<void> {
  const options = serverOptions(args);
  const script = args.simulate === undefined ? undefined : await readScript(args.simulate);
  const server = await (script === undefined ? startServer(options) : startSimulatedServer(options, script));
  console.log(JSON.stringify({ ready: true, url: server.url }));
  const stop = (signal: NodeJS.Signals) => {
    log(`${signal}: ending`);
    server.close().then(() => process.exit(0), fail);
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
}

function serverOptions(args: ServerArguments): ServerOptions {
  return {
    host: args.host,
    port: args.port,
    token: args.token,
    dataDir: args.data,
    engine: args.engine,
    workers: args.workers,
    keepHours: args["keep-hours"],
    keepMegabytes: args["keep-megabytes"],
    encoder: args.encoder,
    decoder: args.decoder,
    samProviders: args["sam-providers"],
    searchFolders: args["user-dir"] === undefined ? [] : [args["user-dir"]],
    log,
  };
}

function fail(error: unknown): void {
  console.error(`segment-server: ${errorText(error)}`);
  process.exit(error instanceof UsageError || error instanceof ScriptError ? 2 : 1);
}

main().catch(fail);
