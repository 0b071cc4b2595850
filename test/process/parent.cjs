// A parent for the tests: starts a child that does not keep it alive, reports its process id, and ends.
require("tsx/cjs");
const { join } = require("node:path");
const { IpcChild } = require("../../src/process/ipc-child.ts");

const child = new IpcChild(
  { module: join(__dirname, "child.cjs"), stdout: "lines", stderr: "lines" },
  { message: () => undefined, ended: () => undefined },
);
child.unref();
console.log(child.pid);
