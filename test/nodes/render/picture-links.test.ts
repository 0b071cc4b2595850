import assert from "node:assert/strict";
import { PictureLinks } from "../../../nodes/render/picture-links";

const MEGABYTE = 2 ** 20;

function picture(digit: string, megabytes: number) {
  return { bytes: Buffer.alloc(megabytes * MEGABYTE), mimeType: "image/jpeg" as const, sha256: digit.repeat(64) };
}

/** Whether a link still leads to its picture. */
function works(links: PictureLinks, link: string | null): boolean {
  const url = new URL(link!, "http://localhost");
  const query = (name: string): string => url.searchParams.get(name)!;
  return links.find(url.pathname.split("/").at(-1)!, Number(query("expires")), query("signature")) !== undefined;
}

describe("links to pictures", () => {
  it("keep the newest 64 MB, each picture once", () => {
    const links = new PictureLinks("/");
    const [a, b, c] = [picture("a", 30), picture("b", 30), picture("c", 4)];
    const [linkA, linkB] = [links.urlOf(a), links.urlOf(b)];
    links.urlOf(a); // as new as b is from now on
    const linkC = links.urlOf(c);
    assert.deepEqual([linkA, linkB, linkC].map((link) => works(links, link)), [true, true, true]); // prettier-ignore
    const linkD = links.urlOf(picture("d", 1));
    assert.deepEqual([linkA, linkB, linkC, linkD].map((link) => works(links, link)), [true, false, true, true]); // prettier-ignore
  });

  it("of another process are not taken", () => {
    const [ours, theirs] = [new PictureLinks("/"), new PictureLinks("/")];
    ours.urlOf(picture("a", 1));
    assert.equal(works(ours, theirs.urlOf(picture("a", 1))), false);
  });

  it("are not made when Node-RED serves no HTTP nodes", () => {
    assert.equal(new PictureLinks(undefined).urlOf(picture("a", 1)), null);
  });
});
