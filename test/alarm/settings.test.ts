import assert from "node:assert/strict";
import { readAlarmSettings, type AlarmDef } from "../../src/alarm";
import { SegmentError } from "../../src/api";

const assertRefused = (def: AlarmDef, message: RegExp): void =>
  assert.throws(
    () => readAlarmSettings(def),
    (error) => error instanceof SegmentError && error.code === "no-config" && message.test(error.message),
  );

describe("settings of an alarm", () => {
  it("are numbers or what the dialog writes; all but one limit may be missing", () => {
    const expected = { high: 0.4, low: undefined, hysteresis: 0, holdMs: 0, latch: false, staleMs: 0 };
    assert.deepEqual(readAlarmSettings({ high: 0.4 }), expected);
    assert.deepEqual(
      readAlarmSettings({ high: "0.4", low: " ", hysteresis: "", hold: "0", latch: false, staleAfter: "" }),
      expected,
    );
    assert.deepEqual(
      readAlarmSettings({ high: "3", low: "-2", hysteresis: "0.5", hold: "1.5", latch: true, staleAfter: 60 }),
      { high: 3, low: -2, hysteresis: 0.5, holdMs: 1500, latch: true, staleMs: 60_000 },
    );
  });

  it("name what is wrong", () => {
    assertRefused({}, /no limit/);
    assertRefused({ high: "", low: "" }, /no limit/);
    assertRefused({ high: "much" }, /high limit must be a number \(got "much"\)/);
    assertRefused({ low: "Infinity" }, /low limit/);
    assertRefused({ high: 1, hysteresis: -1 }, /hysteresis must be a number, at least 0 \(got -1\)/);
    assertRefused({ high: 1, hold: "-1" }, /hold time/);
    assertRefused({ high: 1, staleAfter: 3_000_000 }, /time without a message must be .* at most 2147483/);
    assertRefused({ high: 1, low: 1 }, /low limit must be below/);
    assertRefused({ high: 1, low: 0.5, hysteresis: 0.6 }, /hysteresis must not be larger/);
  });

  it("may have a hysteresis as large as the gap between the limits, whatever its rounding", () => {
    assert.equal(readAlarmSettings({ high: 0.3, low: 0.2, hysteresis: 0.1 }).hysteresis, 0.1);
  });
});
