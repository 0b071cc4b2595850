import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { ERROR_CODES } from "../src/api";
import { samPackages } from "../src/engine";
import { HELP } from "../src/cli/options";
import { STEPS } from "../src/simulator/script";

const ROOT = join(__dirname, "..");
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");
const PAGES = [...pagesIn(""), ...pagesIn("docs"), "src/engine/graphcut/README.md", "src/engine/critic/NOTICE.md"];
const EXAMPLES = readdirSync(join(ROOT, "examples"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".json"))
  .map((name) => join("examples", name));
const LOCALES = readdirSync(join(ROOT, "nodes", "locales", "en-US")).map((name) => join("nodes/locales/en-US", name));
const README_LINES = 120;
/** A longer row is hard to read in a terminal and on a narrow page. */
const ROW_LENGTH = 320;

/** Words that this project does not use in texts for people: the plain or usual one is in the comment. */
const UNUSUAL = new RegExp(
  "\\b(" +
    [
      "anew|likewise", // again, too
      "tells?|told|hears?", // say, report, be notified
      "so many|so-and-so", // at most
      "who asks|who has|its user's", // the caller, anyone who
      "brings?", // returns, includes
      "time-outs?", // timeout
      "licences?|colours?|neighbours?|behaviour|honoured|grey", // US spelling
    ].join("|") +
    ")\\b",
  "i",
);

function pagesIn(folder: string): string[] {
  const names = readdirSync(join(ROOT, folder)).filter((name) => name.endsWith(".md"));
  return names.map((name) => (folder === "" ? name : `${folder}/${name}`));
}

/** First cells of a table's rows that are code: `| `code` | …`. */
function firstCells(text: string): string[] {
  return [...text.matchAll(/^\| `([^`]+)`/gm)].map(([, cell]) => cell ?? "");
}

function section(page: string, heading: string): string {
  const [, text] = new RegExp(`^## ${heading}$([\\s\\S]*?)(?=^## |$(?![\\s\\S]))`, "m").exec(read(page)) ?? [];
  assert.ok(text !== undefined, `${page} has no section "${heading}"`);
  return text;
}

/** Lines with a word that is not a usual one, outside of code. */
function unusualLines(text: string): string[] {
  const prose = text.replace(/`[^`\n]*`/g, "");
  return prose.split("\n").filter((line) => UNUSUAL.test(line));
}

/** Paths of this project in a page, without patterns such as `nodes/NAME/`. */
function namedFiles(page: string): string[] {
  const paths = [...read(page).matchAll(/`((?:src|nodes|lint|test|tools|scripts)\/[\w./-]+)`/g)];
  return paths.map(([, path = ""]) => path).filter((path) => !/[A-Z]{2}/.test(path));
}

function withoutCode(text: string): string {
  return text.replace(/^ *```[\s\S]*?^ *```$/gm, "");
}

/** The anchors that a page's headings get when it is shown. */
function anchors(page: string): string[] {
  return [...withoutCode(read(page)).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}

/** The targets of a page's links and pictures, also of those that it defines as `[name]: target`. */
function links(page: string): string[] {
  const text = withoutCode(read(page));
  return [...text.matchAll(/\]\(([^)]+)\)|^\[[^\]]+\]: (\S+)$/gm)].map(
    ([, inline, defined]) => inline ?? defined ?? "",
  );
}

/** The allowed imports as the page shows them: `folder, folder` and in the next line `→ import, import`. */
function shownImports(): Record<string, string[]> {
  const names = (text: string): string[] => text.split(", ").filter((name) => name !== "nothing");
  const entries = [...section("docs/architecture.md", "Folders and imports").matchAll(/^(\S.*)\n +→ (.+)$/gm)];
  return Object.fromEntries(
    entries.flatMap(([, folders = "", imports = ""]) => names(folders).map((folder) => [folder, names(imports)])),
  );
}

describe("documents", () => {
  it("explain every error code, and no other", () => {
    assert.deepEqual(firstCells(read("docs/errors.md")).sort(), [...ERROR_CODES].sort());
  });

  it("explain every dependency", () => {
    const manifest = z
      .object({
        dependencies: z.record(z.string(), z.string()),
        optionalDependencies: z.record(z.string(), z.string()),
      })
      .parse(JSON.parse(read("package.json")));
    const text = section("docs/architecture.md", "Dependencies");
    const names = { ...manifest.dependencies, ...manifest.optionalDependencies };
    for (const name of Object.keys(names)) assert.ok(text.includes(`\`${name}\``), name);
  });

  it("explain every option of segment-server, and no other", () => {
    const options = (text: string): string[] => [...new Set(text.match(/--[a-z][a-z-]+/g))].sort();
    const page = `${section("docs/servers.md", "Options")}${section("docs/servers.md", "install-sam")}`;
    assert.deepEqual(options(page), options(HELP));
  });

  it("explain every step of the simulator", () => {
    const cells = firstCells(section("docs/simulator.md", "Rules"));
    assert.deepEqual(
      STEPS.filter((step) => !cells.includes(step)),
      [],
    );
  });

  it("name the packages and versions that install-sam installs", () => {
    const page = read("docs/servers.md");
    for (const { name, version } of Object.values(samPackages)) {
      assert.ok(page.includes(`\`${name}\` ${version}`), name);
      assert.ok(page.includes(`${name}@${version}`), name);
    }
  });

  it("show which folder may import what", async () => {
    const rules: unknown = await import(pathToFileURL(join(ROOT, "lint", "arrows.mjs")).href);
    const { ARROWS } = z.object({ ARROWS: z.record(z.string(), z.array(z.string())) }).parse(rules);
    const sorted = (arrows: [string, string[]][]): Record<string, string[]> =>
      Object.fromEntries(arrows.map(([folder, imports]) => [folder, [...imports].sort()]));
    assert.deepEqual(
      sorted(Object.entries(shownImports())),
      sorted(Object.entries(ARROWS).filter(([folder]) => /^(src|nodes)\b/.test(folder))),
    );
  });

  it(`begin with a README of at most ${README_LINES} lines`, () => {
    assert.ok(read("README.md").trimEnd().split("\n").length <= README_LINES);
  });

  it("have an index of all pages", () => {
    const listed = links("docs/README.md");
    assert.deepEqual(
      pagesIn("docs").filter((page) => page !== "docs/README.md" && !listed.includes(basename(page))),
      [],
    );
  });

  for (const file of [...PAGES, ...EXAMPLES, ...LOCALES]) {
    it(`${file}: its words are the usual ones`, () => {
      assert.deepEqual(unusualLines(read(file)), []);
    });
  }

  it("segment-server --help: its words are the usual ones", () => {
    assert.deepEqual(unusualLines(HELP), []);
  });

  for (const page of ["CONTRIBUTING.md", "docs/architecture.md"]) {
    it(`${page}: the files that it names exist`, () => {
      assert.deepEqual(
        namedFiles(page).filter((file) => !existsSync(join(ROOT, file))),
        [],
      );
    });
  }

  for (const page of PAGES) {
    it(`${page}: its links lead to files and headings that exist`, () => {
      for (const link of links(page)) {
        if (/^https?:/.test(link)) continue;
        const [file = "", heading] = link.split("#");
        const target = file === "" ? page : join(dirname(page), file);
        assert.ok(existsSync(join(ROOT, target)), link);
        if (heading !== undefined) assert.ok(anchors(target).includes(heading), link);
      }
    });

    it(`${page}: the rows of its tables are of readable length`, () => {
      const rows = read(page).match(/^\|.*\|$/gm) ?? [];
      for (const row of rows) assert.ok(row.replace(/ {2,}/g, " ").replace(/-{3,}/g, "-").length <= ROW_LENGTH, row);
    });
  }
});
