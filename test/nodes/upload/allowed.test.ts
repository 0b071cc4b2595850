import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import fc from "fast-check";
import { readAllowedFile } from "../../../nodes/upload/allowed-files.lazy";
import { allowedUrls } from "../../../nodes/upload/allowed-urls.lazy";
import { SegmentError } from "../../../src/api";
import { removeFolder } from "../../../tools/remove-folder";

const refused = (code: string, text: RegExp) => (error: unknown) => {
  assert.ok(error instanceof SegmentError, String(error));
  assert.equal(error.code, code);
  assert.match(error.message, text);
  return true;
};

describe("files of allowed folders", () => {
  let root: string;
  let allowed: string;
  const socket = createServer();
  const at = (...parts: string[]): string => join(root, ...parts);
  const read = (path: string, folders: unknown = [allowed]): Promise<Buffer> =>
    readAllowedFile("msg.payload", path, folders, new AbortController().signal);
  before(async () => {
    root = mkdtempSync(join(tmpdir(), "segment-allowed-"));
    allowed = at("pictures");
    for (const folder of ["pictures/deep", "pictures-of-others", "elsewhere"])
      mkdirSync(at(folder), { recursive: true });
    for (const file of ["pictures/1.jpg", "pictures/deep/..2.jpg", "pictures-of-others/3.jpg", "elsewhere/4.jpg"]) {
      writeFileSync(at(file), file);
    }
    symlinkSync(at("elsewhere"), at("pictures/out"));
    symlinkSync(at("elsewhere/4.jpg"), at("pictures/out.jpg"));
    symlinkSync(at("nowhere"), at("pictures/dangling.jpg"));
    symlinkSync(allowed, at("link-to-pictures"));
    writeFileSync(at("pictures/large.jpg"), "");
    truncateSync(at("pictures/large.jpg"), 64 * 2 ** 20 + 1);
    await once(socket.listen(at("pictures/socket.jpg")), "listening");
  });
  after(() => {
    socket.close();
    removeFolder(root);
  });

  it("are read, also by way of links that lead into one", async () => {
    for (const path of [
      "pictures/1.jpg",
      "pictures/deep/..2.jpg",
      "link-to-pictures/1.jpg",
      "elsewhere/../pictures/1.jpg",
    ]) {
      assert.match((await read(at(...path.split("/")))).toString(), /^pictures\//, path);
    }
    assert.equal((await read(at("pictures/1.jpg"), [at("link-to-pictures")])).toString(), "pictures/1.jpg");
    assert.equal((await read(at("pictures/1.jpg"), [at("not there"), `${allowed}/`])).toString(), "pictures/1.jpg");
  });

  it("no other files: the setting is named, and not whether the file is there", async () => {
    const paths = [
      ...["elsewhere/4.jpg", "elsewhere/5.jpg", "pictures-of-others/3.jpg", "pictures/out.jpg", "pictures/out/4.jpg"].map((path) => at(path)),
      `${root}/pictures/../elsewhere/4.jpg`,
      `${root}/pictures/out/../1.jpg/../../elsewhere/4.jpg`,
      allowed,
    ]; // prettier-ignore
    for (const path of paths)
      await assert.rejects(read(path), refused("not-allowed", /segmentAllowedFolders in settings\.js/));
    await assert.rejects(read(at("pictures/1.jpg"), null), refused("not-allowed", /segmentAllowedFolders/));
    await assert.rejects(read(at("pictures/1.jpg"), []), refused("not-allowed", /segmentAllowedFolders/));
  });

  it("no files that are none, are not there or are too large", async () => {
    await assert.rejects(read(at("pictures/9.jpg")), refused("invalid-image", /there is no file/));
    await assert.rejects(read(at("pictures/dangling.jpg")), refused("invalid-image", /there is no file/));
    await assert.rejects(read(at("pictures/deep")), refused("invalid-image", /is no regular file/));
    await assert.rejects(read(at("pictures/socket.jpg")), refused("invalid-image", /is no regular file/));
    await assert.rejects(read(at("pictures/large.jpg")), refused("invalid-image", /too large: at most 64 MB/));
  });

  it("a setting that is no list of absolute paths allows nothing", async () => {
    for (const setting of ["/", [""], ["pictures"], [7], { 0: "/" }]) {
      await assert.rejects(
        read(at("pictures/1.jpg"), setting),
        refused("not-allowed", /must be a list of absolute paths/),
      );
    }
  });

  it("property: whatever way a path takes, only files inside are read", async () => {
    const step = fc.constantFrom(
      "..",
      ".",
      "pictures",
      "out",
      "deep",
      "elsewhere",
      "link-to-pictures",
      "1.jpg",
      "4.jpg",
      "..2.jpg",
      "",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        const path = `${root}/${steps.join("/")}`;
        const content = await read(path).then(String, (error: unknown) => {
          assert.ok(
            error instanceof SegmentError && ["not-allowed", "invalid-image"].includes(error.code),
            String(error),
          );
        });
        if (content !== undefined) assert.match(content, /^pictures\//, relative(root, path));
      }),
      { numRuns: 300 },
    );
  });
});

describe("allowed addresses", () => {
  const isAllowed = allowedUrls(["http://cam:8080/api/events", "https://nvr/pictures/", "http://[::1]/"]);
  const allows = (text: string): boolean => isAllowed(new URL(text));

  it("begin with an origin and whole parts of a path of the list", () => {
    for (const text of [
      "http://cam:8080/api/events",
      "http://cam:8080/api/events/1/snapshot.jpg?bbox=1#x",
      "HTTP://user:pw@CAM:8080/other/../api/events/1.jpg",
      "https://nvr:443/pictures",
      "https://nvr/pictures/..jpg/a%20b%2Fc.jpg",
      "https://nvr/pictures/100%25.jpg",
      "http://[::1]/any/thing",
    ]) {
      assert.ok(allows(text), text);
    }
  });

  it("no others", () => {
    for (const text of [
      "http://cam/api/events",
      "https://cam:8080/api/events",
      "http://cam:8080/",
      "http://cam:8080/api/events-of-others",
      "http://cam:8080/API/events/1",
      "http://cam:8080/api/events/../config",
      "http://cam:8080/api/events/%2e%2E/config",
      "http://cam:8080/api/events/..%2fconfig",
      "http://cam:8080/api/events/%252e%252e%252fconfig",
      "http://cam:8080/api/events/..%5cconfig",
      "http://cam:8080/api/events\\..\\config",
      "http://cam:8080/api/events/..;/config",
      "http://cam:8080/api/events/%E4",
      `http://cam:8080/api/events/%${"25".repeat(2000)}2e`,
      "http://cam:8080@evil/api/events/1",
      "http://cam.evil:8080/api/events/1",
      "http://evil/http://cam:8080/api/events/1",
      "ftp://cam:8080/api/events/1",
      "file:///api/events/1",
    ]) {
      assert.ok(!allows(text), text);
    }
    assert.ok(!allowedUrls(undefined)(new URL("http://cam/")));
  });

  it("a list that can't be used says so", () => {
    for (const setting of ["http://cam/", ["cam"], [""], ["file:///"], [7], {}]) {
      assert.throws(
        () => allowedUrls(setting),
        refused("not-allowed", /segmentAllowedUrls in settings\.js must be a list/),
      );
    }
  });

  it("property: nothing outside ever passes, whatever its way", () => {
    const check = allowedUrls(["http://cam/a/b"]);
    const step = fc.constantFrom(
      "..",
      ".",
      "%2e%2e",
      "%252e.",
      "..%2f..",
      "%5c..",
      "..;x",
      "a",
      "b",
      "bb",
      "B",
      "c",
      "",
      "%",
    );
    const host = fc.constantFrom("cam", "CAM", "cam:80", "cam.evil", "u:p@cam", "cam@evil", "evil");
    fc.assert(
      fc.property(host, fc.array(step, { maxLength: 7 }), (name, steps) => {
        const url = new URL(`http://${name}/${steps.join("/")}`);
        if (!check(url)) return;
        assert.equal(url.host, "cam");
        // as a careless server would read it
        const path = decodeURIComponent(decodeURIComponent(url.pathname))
          .replaceAll("\\", "/")
          .replaceAll(/;[^/]*/g, "");
        const seen = new URL(path, "http://cam").pathname;
        assert.ok(seen === "/a/b" || seen.startsWith("/a/b/"), `${url.href} ${seen}`);
      }),
      { numRuns: 2000 },
    );
  });

  it("property: all below a prefix passes", () => {
    const part = fc.stringMatching(/^[a-z0-9._~-]{1,8}$/).filter((text) => !/^\.+$/.test(text));
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 3 }),
        fc.array(part, { maxLength: 3 }),
        fc.boolean(),
        (prefix, rest, slash) => {
          const base = ["http://cam", ...prefix].join("/");
          assert.ok(allowedUrls([slash ? `${base}/` : base])(new URL([base, ...rest].join("/"))));
        },
      ),
    );
  });
});
