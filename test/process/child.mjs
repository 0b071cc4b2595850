// A child for the tests: prints what it was started with, and does what each message says.
import { spawn } from "node:child_process";

console.log(`args ${process.argv.slice(2).join(" ")}`);
console.error(`node options ${process.env.NODE_OPTIONS}, ${process.execArgv.join(" ")}`);

process.on("message", ({ do: action }) => {
  if (action === "echo") process.send({ echo: action });
  if (action === "fail") {
    console.error("the last words");
    process.exit(3);
  }
  if (action === "leave a grandchild") {
    const grandchild = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60_000)"], { stdio: "inherit" });
    process.send({ grandchild: grandchild.pid });
  }
});
process.once("disconnect", () => process.exit());
