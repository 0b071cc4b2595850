import assert from "node:assert/strict";
import fc from "fast-check";
import { givenPicture, jsonMessage, type GivenPicture } from "../../../nodes/upload/picture-source.lazy";
import { SegmentError } from "../../../src/api";

const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3, 4, 5]);
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 9]);
const given = (value: unknown): GivenPicture => givenPicture("msg.payload", value);

function bytesOf({ source }: GivenPicture): Buffer {
  assert.ok("bytes" in source, Object.keys(source).join());
  return source.bytes;
}

function invalid(value: unknown, text: RegExp): void {
  assert.throws(
    () => given(value),
    (error) => {
      assert.ok(error instanceof SegmentError, String(error));
      assert.equal(error.code, "invalid-image");
      assert.match(error.message, text);
      return true;
    },
  );
}

describe("what a message gives as a picture", () => {
  const jpegs: [string, unknown][] = [
    ["a Buffer", JPEG],
    ["a Uint8Array", new Uint8Array(JPEG)],
    ["a Buffer as JSON", JPEG.toJSON()],
    ["base64", JPEG.toString("base64")],
    ["base64 without padding", JPEG.toString("base64").replace(/=+$/, "")],
    ["base64 for URLs", JPEG.toString("base64url")],
    ["base64 in lines", ` \n${JPEG.toString("base64").replace(/(.{4})/g, "$1\r\n")}`],
    ["base64 in a Buffer", Buffer.from(JPEG.toString("base64"))],
    ["a data URL", `data:image/jpeg;base64,${JPEG.toString("base64")}`],
    ["a data URL with parameters", `Data:image/jpeg;name=a.jpg;Base64, ${JPEG.toString("base64")}\n`],
    ["a data URL in a Buffer", Buffer.from(`data:;base64,${JPEG.toString("base64")}`)],
  ];
  for (const [what, value] of jpegs) {
    it(`${what}: its bytes`, () => {
      assert.deepEqual(Buffer.from(bytesOf(given(value))), JPEG);
      assert.equal(given(value).message, undefined);
      // and the same in a field of a JSON message
      const { place, message } = given({ image: value });
      assert.deepEqual(Buffer.from(bytesOf(given({ image: value }))), JPEG);
      assert.deepEqual([place, message], ["msg.payload.image", { image: value }]);
    });
  }

  it("a Buffer and a Uint8Array are not copied", () => {
    assert.equal(bytesOf(given(JPEG)), JPEG);
    const view = new Uint8Array(JPEG.buffer, JPEG.byteOffset, JPEG.length);
    assert.equal(bytesOf(given(view)).buffer, view.buffer);
  });

  it("base64 of a PNG", () => assert.deepEqual(bytesOf(given(PNG.toString("base64"))), PNG));

  it("paths and addresses, in a Buffer too where no picture begins so", () => {
    assert.deepEqual(given("/data/a b.jpg\n").source, { path: "/data/a b.jpg" });
    assert.deepEqual(given("C:\\pictures\\1.png").source, { path: "C:\\pictures\\1.png" });
    for (const value of [" HTTP://cam/a/../b.jpg?x=1", Buffer.from("http://cam/b.jpg?x=1")]) {
      assert.deepEqual(given(value).source, { url: new URL("http://cam/b.jpg?x=1") });
    }
    invalid("//server/share/1.jpg", /no absolute path/);
    invalid("\\\\server\\share\\1.jpg", /no absolute path/);
    invalid("pictures/1.jpg", /\("pictures\/1\.jpg"\).*no absolute path/);
    invalid(`/${"a".repeat(5000)}`, /is a text/);
    invalid("/data/1\0.jpg", /is a text/);
    invalid("rtsp://admin:secret@cam/1", /with rtsp:\/\/, but only http/);
    invalid("http://[bad", /address that can't be read/);
  });

  it("JSON as text or Buffer is the message", () => {
    const message = { data: JPEG.toString("base64"), points: [[0.5, 0.5]] };
    for (const value of [message, JSON.stringify(message), Buffer.from(` ${JSON.stringify(message)}\n`)]) {
      const { place, message: found, source } = given(value);
      assert.equal(place, "msg.payload.data");
      assert.deepEqual(found, message);
      assert.deepEqual(source, { bytes: JPEG });
    }
    const jsonOfBuffer = given(JSON.stringify(JPEG));
    assert.deepEqual([bytesOf(jsonOfBuffer), jsonOfBuffer.message], [JPEG, undefined]);
  });

  it("the first usual field that can be one counts", () => {
    const text = "http://cam/1.jpg";
    const fields = ["image", "data", "picture", "snapshot", "url", "path"];
    for (const [index, field] of fields.entries()) {
      const later = Object.fromEntries(fields.slice(index).map((name) => [name, text]));
      assert.equal(given(later).place, `msg.payload.${field}`);
    }
    assert.equal(
      given({ image: "", data: null, snapshot: { box: [] }, picture: 7, url: text }).place,
      "msg.payload.url",
    );
  });

  it("refuses the rest, and repeats no password", () => {
    invalid(null, /msg\.payload must be a picture, but is not there/);
    invalid(7, /is of type number \(7\)/);
    invalid([JPEG], /is an array of 1 items/);
    invalid({}, /it has no fields/);
    invalid({ before: {}, after: {} }, /JSON message without a picture.*it has before, after/);
    invalid('{"url": "http://admin:secret@cam/', /^(?!.*secret).*begins like JSON/);
    invalid("admin:secret@cam", /^(?!.*secret).*is a text \(16 characters\)/);
    invalid({ type: "Buffer", data: new Array(2 ** 20 + 1).fill(0) }, /more than 1 MB: send a Buffer/);
    invalid({ image: '{"data": "/9j/"}' }, /msg\.payload\.image begins like JSON/);
    invalid("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", /no base64 or data URL of a JPEG or PNG/);
    invalid(`${JPEG.toString("base64")}AB*D`, /damaged base64/);
    invalid(JPEG.toString("base64").slice(0, 9), /damaged base64/);
    invalid(`data:image/jpeg,${JPEG.toString("latin1")}`, /data URL, but not one of base64/);
    invalid("data:", /data URL, but not one of base64/);
    invalid({ type: "Buffer", data: [1, "2"] }, /not of numbers/);
    invalid(`/9j/${"A".repeat(87 * 2 ** 20)}`, /too large: at most 64 MB/);
  });

  it("property: bytes come back from base64 and data URLs as they were", () => {
    const bytes = fc.uint8Array({ maxLength: 200 }).map((tail) => Buffer.concat([JPEG, tail]));
    fc.assert(
      fc.property(
        bytes,
        fc.constantFrom("", "data:image/jpeg;base64,", "data:image/png;charset=x;base64,"),
        (picture, head) => {
          assert.deepEqual(bytesOf(given(`${head}${picture.toString("base64")}`)), picture);
        },
      ),
    );
  });

  it("property: any value is taken or refused by the one error", () => {
    const text = fc.oneof(fc.string(), fc.webUrl(), fc.base64String().map((tail) => `/9j/${tail}`), fc.string().map((tail) => `data:${tail}`)); // prettier-ignore
    const value = fc.oneof(
      fc.anything(),
      text,
      fc.json(),
      fc.uint8Array(),
      fc.record({ image: fc.oneof(text, fc.anything()) }),
    );
    fc.assert(
      fc.property(value, (any) => {
        try {
          given(any);
        } catch (error) {
          assert.ok(error instanceof SegmentError && error.code === "invalid-image", String(error));
        }
        jsonMessage(any);
      }),
      { numRuns: 500 },
    );
  });
});
