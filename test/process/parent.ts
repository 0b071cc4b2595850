// A parent for the tests: starts a child that does not keep it alive, reports its process id, and ends.
import { join } from "node:path";
import { IpcChild } from "../../src/process/ipc-child";

const child = new IpcChild(
  { module: join(__dirname, "child.mjs"), stdout: "lines", stderr: "lines" },
  { message: () => undefined, ended: () => undefined },
);
child.unref();
console.log(child.pid);
