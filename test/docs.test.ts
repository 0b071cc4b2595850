import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { ERROR_CODES } from "../src/api";
import { samPackages } from "../src/engine";
import { HELP } from "../src/cli/options";

const ROOT = join(__dirname, "..");
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");
const PAGES = [
  "README.md",
  "CHANGELOG.md",
  ...readdirSync(join(ROOT, "docs"))
    .filter(isPage)
    .map((file) => `docs/${file}`),
];

function isPage(file: string): boolean {
  return file.endsWith(".md");
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

/** The anchor that a heading gets when the page is shown. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");
}

describe("documents", () => {
  it("explain every error code, and no other", () => {
    assert.deepEqual(firstCells(section("README.md", "When something goes wrong")).sort(), [...ERROR_CODES].sort());
  });

  it("explain every dependency", () => {
    const manifest = z
      .object({
        dependencies: z.record(z.string(), z.string()),
        optionalDependencies: z.record(z.string(), z.string()),
      })
      .parse(JSON.parse(read("package.json")));
    const text = section("README.md", "Dependencies, and why each");
    const names = { ...manifest.dependencies, ...manifest.optionalDependencies };
    for (const name of Object.keys(names)) assert.ok(text.includes(`\`${name}\``), name);
  });

  it("explain every option of segment-server, and no other", () => {
    const options = (text: string): string[] => [...new Set(text.match(/--[a-z][a-z-]+/g))].sort();
    const page = `${section("docs/segment-server.md", "Options")}${section("docs/segment-server.md", "The model: install-sam")}`;
    assert.deepEqual(options(page), options(HELP));
  });

  it("name the packages and versions that install-sam installs", () => {
    const page = read("docs/segment-server.md");
    for (const { name, version } of Object.values(samPackages)) {
      assert.ok(page.includes(`\`${name}\` ${version}`), name);
      assert.ok(page.includes(`${name}@${version}`), name);
    }
  });

  for (const page of PAGES) {
    it(`${page}: its links lead to files and headings that exist`, () => {
      for (const [, link = ""] of read(page).matchAll(/\]\(([^)]+)\)/g)) {
        if (/^https?:/.test(link)) continue;
        const [file = "", heading] = link.split("#");
        const target = file === "" ? page : join(dirname(page), file);
        assert.ok(existsSync(join(ROOT, target)), link);
        if (heading === undefined) continue;
        const headings = [...read(target).matchAll(/^#+ (.+)$/gm)].map(([, text = ""]) => anchor(text));
        assert.ok(headings.includes(heading), link);
      }
    });
  }
});
