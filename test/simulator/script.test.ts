import assert from "node:assert/strict";
import fc from "fast-check";
import { Matcher, stepOf } from "../../src/simulator/matcher";
import { parseScript, ScriptError, type WrittenScript } from "../../src/simulator/script";

const SEGMENT = "/api/v1/projects/plant/context/vision/segment";
const START = { method: "POST", path: SEGMENT };
const count = fc.integer({ min: 1, max: 30 });

function matcher(rules: WrittenScript["rules"]): Matcher {
  return new Matcher(parseScript({ rules }, "test").rules);
}

/** Whether each of n requests got a fault. */
function hits(of: Matcher, requests: number): boolean[] {
  return Array.from({ length: requests }, () => of.take(START) !== undefined);
}

describe("simulator scripts", () => {
  it("may be empty, and get defaults", () => {
    assert.deepEqual(parseScript({}, "s.json"), { rules: [], withoutExtensions: false });
    const [rule] = parseScript({ rules: [{ do: { fault: "drip" } }] }, "s.json").rules;
    assert.deepEqual(rule, { on: {}, do: { fault: "drip", bytesPerSecond: 10 } });
  });

  const mistakes: [string, unknown, RegExp][] = [
    ["no object", [], /^Bad script s\.json: .*object/],
    ["an unknown field", { rulez: [] }, /"rulez"/],
    ["an unknown field of a rule", { rules: [{ do: { fault: "hang" } }, { doo: 1 }] }, /rules\[1\]: .*"doo"/],
    ["no fault", { rules: [{ on: {} }] }, /rules\[0\]\.do: must be/],
    ["an unknown fault", { rules: [{ do: { fault: "explode" } }] }, /rules\[0\]\.do\.fault: .*hang.*\(got "explode"\)/],
    ["a field of another fault", { rules: [{ do: { fault: "hang", ms: 5 } }] }, /rules\[0\]\.do: .*"ms"/],
    ["a missing field", { rules: [{ do: { fault: "delay" } }] }, /rules\[0\]\.do\.ms/],
    [
      "a status out of bounds",
      { rules: [{ do: { fault: "status", status: 99 } }] },
      /rules\[0\]\.do\.status: .*got 99/,
    ],
    [
      "an unknown step",
      { rules: [{ on: { step: "go" }, do: { fault: "hang" } }] },
      /rules\[0\]\.on\.step: .*"poll-many"/,
    ],
    ["a count of 0", { rules: [{ nth: 0, do: { fault: "hang" } }] }, /rules\[0\]\.nth: .*got 0/],
    ["two counts", { rules: [{ nth: 1, every: 2, do: { fault: "hang" } }] }, /rules\[0\]: has more than one of nth/],
    ["a bad header", { rules: [{ do: { fault: "status", status: 200, headers: { "a:b": "" } } }] }, /headers.*a:b/],
    ["bad job seconds", { jobSeconds: "2" }, /jobSeconds: must be a number of seconds, or.*got "2"/],
    ["no secret", { oauth: {} }, /oauth\.clientSecret/],
  ];
  for (const [what, script, message] of mistakes) {
    it(`are refused with ${what}`, () => {
      assert.throws(
        () => parseScript(script, "s.json"),
        (error: unknown) => error instanceof ScriptError && message.test(error.message),
      );
    });
  }
});

describe("simulator rules", () => {
  it("name the step of each request of the contract", () => {
    const files = "/api/v1/projects/plant/files";
    const rows: [string, string, string | undefined][] = [
      ["POST", "/oauth2/token", "token"],
      ["POST", files, "upload"],
      ["POST", `${files}/byids`, "files"],
      ["PUT", "/pictures/17", "put"],
      ["POST", SEGMENT, "start"],
      ["GET", `${SEGMENT}/17`, "poll"],
      ["POST", `${SEGMENT}/byids`, "poll-many"],
      ["GET", SEGMENT, undefined],
      ["GET", "/health", undefined],
    ];
    for (const [method, path, step] of rows) assert.equal(stepOf({ method, path }), step, `${method} ${path}`);
  });

  it("nth matches one request, times the first n, every each nth, no count all", () => {
    fc.assert(
      fc.property(count, count, (n, requests) => {
        const fault = { fault: "hang" } as const;
        const numbers = Array.from({ length: requests }, (_, index) => index + 1);
        const expect = (rule: object, isHit: (number: number) => boolean): void =>
          assert.deepEqual(hits(matcher([{ ...rule, do: fault }]), requests), numbers.map(isHit));
        expect({ nth: n }, (number) => number === n);
        expect({ times: n }, (number) => number <= n);
        expect({ every: n }, (number) => number % n === 0);
        expect({}, () => true);
      }),
    );
  });

  it("are tried in order; a later rule counts only what the earlier ones let pass", () => {
    const of = matcher([
      { nth: 2, do: { fault: "hang" } },
      { times: 2, do: { fault: "html" } },
    ]);
    const faults = Array.from({ length: 4 }, () => of.take(START)?.fault);
    assert.deepEqual(faults, ["html", "hang", "html", undefined]);
  });

  it("count and take only the requests that they match", () => {
    const of = matcher([{ on: { step: "start", method: "post" }, nth: 2, do: { fault: "hang" } }]);
    assert.equal(of.take(START), undefined);
    assert.equal(of.take({ method: "GET", path: `${SEGMENT}/1` }), undefined);
    assert.equal(of.take({ method: "POST", path: "/draw" }), undefined);
    assert.deepEqual(of.take(START), { fault: "hang" });
  });

  it("a star in a path stands for any characters, and nothing else in it is special", () => {
    fc.assert(
      fc.property(fc.webPath(), fc.webPath(), fc.string(), (before, after, middle) => {
        const isHit = (pattern: string, path: string): boolean =>
          matcher([{ on: { path: pattern }, do: { fault: "hang" } }]).take({ method: "GET", path }) !== undefined;
        const [start, end] = [`/${before.replaceAll("*", "")}`, after.replaceAll("*", "")];
        assert.ok(isHit(`${start}*${end}`, `${start}${middle}${end}`));
        assert.ok(isHit(`${start}${end}`, `${start}${end}`));
        assert.ok(!isHit(`${start}${end}`, `${start}${end}!`));
      }),
      { numRuns: 30 },
    );
  });
});
