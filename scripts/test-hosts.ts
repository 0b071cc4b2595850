// npm run test:hosts: the tests that depend on Node-RED, on other Node-REDs than the one of this project.
//   npm run test:hosts                  flows on the oldest
//   npm run test:hosts -- --host 5.0    flows on another
//   npm run test:hosts -- --browser     also editor and dashboard in a browser
import { parseArgs } from "node:util";
import { HOSTS } from "../tools/hosts";
import { testHost } from "./host-tests";
import { report } from "./mocha";

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { host: { type: "string" }, browser: { type: "boolean" } } });
  const [oldest = ""] = Object.keys(HOSTS);
  const browser = values.browser === true ? "all" : "none";
  report([await testHost(values.host ?? oldest, { flows: true, browser })]);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
