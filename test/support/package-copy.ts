/** Copies of the built package from where no model of this project can be found. */
import { cpSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";

const ROOT = join(__dirname, "..", "..");
const NAME = "@visionjobs/node-red-segment";

const manifestSchema = z.object({
  dependencies: z.record(z.string(), z.string()),
  optionalDependencies: z.record(z.string(), z.string()),
});

/** Installs the built package into a user directory as npm would, its dependencies as links. Returns its folder there. */
export function installPackageCopy(userDir: string): string {
  const modules = join(userDir, "node_modules");
  const target = join(modules, NAME);
  mkdirSync(target, { recursive: true });
  cpSync(join(ROOT, "package.json"), join(target, "package.json"));
  for (const folder of ["dist", "pictures"]) cpSync(join(ROOT, folder), join(target, folder), { recursive: true });
  const { dependencies, optionalDependencies } = manifestSchema.parse(
    JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")),
  );
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(ROOT, "node_modules", name), join(modules, name), "junction");
  }
  return target;
}
