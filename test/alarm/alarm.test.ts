import assert from "node:assert/strict";
import fc from "fast-check";
import {
  acknowledged,
  failed,
  isChange,
  isLatched,
  measured,
  NEW_ALARM,
  silent,
  type Alarm,
  type AlarmSettings,
} from "../../src/alarm";

const PLAIN: AlarmSettings = { high: 10, low: undefined, hysteresis: 2, holdMs: 0, latch: false, staleMs: 0 };
const LATCHED: AlarmSettings = { ...PLAIN, latch: true };

type Event = number | "error" | "silence" | "acknowledge";

/** The alarms after each event; an event a second. */
function after(settings: AlarmSettings, events: Event[], start = NEW_ALARM): Alarm[] {
  let alarm = start;
  return events.map((event, second) => {
    const now = { epoch: 1_000_000 + second * 1000, monotonic: second * 1000 };
    if (event === "error") alarm = failed(alarm, now);
    else if (event === "silence") alarm = silent(alarm, now);
    else if (event === "acknowledge") alarm = acknowledged(alarm, now);
    else alarm = measured(alarm, event, settings, now);
    return alarm;
  });
}
const states = (settings: AlarmSettings, ...events: Event[]): (string | null)[] =>
  after(settings, events).map(({ state }) => state);
const last = (settings: AlarmSettings, ...events: Event[]): Alarm => after(settings, events).at(-1)!;

describe("an alarm", () => {
  it("begins beyond the limit and ends when the value is back by more than the hysteresis", () => {
    assert.deepEqual(states(PLAIN, 10, 10.1, 9, 8.1, 8, 9, 10), ["ok", "alarm", "alarm", "alarm", "ok", "ok", "ok"]);
    const low = { ...PLAIN, high: undefined, low: 1, hysteresis: 0.5 };
    assert.deepEqual(states(low, 1, 0.9, 1.4, 1.5, 1.2), ["ok", "alarm", "alarm", "ok", "ok"]);
  });

  it("names its limit, and the moment of its state", () => {
    const [ok, raised, still, ended] = after(PLAIN, [5, 11, 12, 5]);
    assert.deepEqual([ok!.limit, raised!.limit, still!.limit, ended!.limit], [null, "high", "high", null]);
    assert.deepEqual(
      [ok!.since, raised!.since, still!.since, ended!.since],
      [1_000_000, 1_001_000, 1_001_000, 1_003_000],
    );
  });

  it("counts as changed when it passes from one limit to the other", () => {
    const both = { ...PLAIN, low: 1 };
    const [high, low] = after(both, [11, 0]);
    assert.deepEqual([high!.limit, low!.limit, low!.state], ["high", "low", "alarm"]);
    assert.ok(isChange(high!, low!));
    assert.equal(low!.since, 1_001_000);
    const [, , other] = after({ ...both, latch: true }, [11, "acknowledge", 0]);
    assert.deepEqual([other!.limit, other!.acknowledged], ["low", false], "it has to be acknowledged again");
  });

  it("waits until all values were beyond the limit for the hold time, and ends at once", () => {
    const held = { ...PLAIN, holdMs: 2000 };
    assert.deepEqual(states(held, 11, 11, 11, 8), ["ok", "ok", "alarm", "ok"]);
    assert.deepEqual(states(held, 11, 11, 10, 11, 11), ["ok", "ok", "ok", "ok", "ok"]);
    const both = { ...held, low: 1 };
    assert.deepEqual(states(both, 11, 11, 0, 0, 0), ["ok", "ok", "ok", "ok", "alarm"], "for each limit by itself");
  });

  it("has a hold time that an error does not interrupt, but silence does", () => {
    const held = { ...PLAIN, holdMs: 2000 };
    assert.deepEqual(states(held, 11, "error", 11), ["ok", "unknown", "alarm"]);
    assert.deepEqual(states(held, 11, "silence", 11, 11, 11), ["ok", "unknown", "ok", "ok", "alarm"]);
  });

  it("with latch stays until it was acknowledged and the value is back, in any order", () => {
    assert.deepEqual(states(LATCHED, 11, 5, 5, "acknowledge"), ["alarm", "alarm", "alarm", "ok"]);
    assert.deepEqual(states(LATCHED, 11, "acknowledge", 9, 8), ["alarm", "alarm", "alarm", "ok"]);
    assert.deepEqual(states(LATCHED, 11, 5, 11, "acknowledge", 5), ["alarm", "alarm", "alarm", "alarm", "ok"]);
    assert.equal(last(LATCHED, 11, "acknowledge").acknowledged, true);
    assert.equal(last(LATCHED, 11, "acknowledge", 5, 11).acknowledged, false, "a new alarm");
  });

  it("is not lost while the state is unknown", () => {
    assert.deepEqual(states(PLAIN, 11, "error", 9), ["alarm", "unknown", "alarm"]);
    assert.deepEqual(states(PLAIN, 11, "error", 5), ["alarm", "unknown", "ok"]);
    assert.deepEqual(states(LATCHED, 11, "silence", 5), ["alarm", "unknown", "alarm"]);
    assert.ok(isLatched(last(LATCHED, 11, "silence"), LATCHED));
    assert.deepEqual(states(LATCHED, 11, "silence", "acknowledge", 5), ["alarm", "unknown", "unknown", "ok"]);
    assert.deepEqual(states(LATCHED, 11, 5, "error", "acknowledge", 9), ["alarm", "alarm", "unknown", "unknown", "ok"]);
  });

  it("is not raised by an acknowledgement", () => {
    assert.equal(acknowledged(NEW_ALARM, { epoch: 0, monotonic: 0 }), NEW_ALARM);
    assert.equal(last(LATCHED, 5, "acknowledge").acknowledged, false);
  });

  it("ends with the next value when its limit or its latch was taken away", () => {
    const raised = last(LATCHED, 11, 5);
    assert.equal(measured(raised, 5, PLAIN, { epoch: 0, monotonic: 0 }).state, "ok");
    const lowOnly = { ...PLAIN, high: undefined, low: 1 };
    assert.equal(measured(last(PLAIN, 11), 11, lowOnly, { epoch: 0, monotonic: 0 }).state, "ok");
  });

  const value = fc.double({ min: -5, max: 20, noNaN: true });
  const event: fc.Arbitrary<Event> = fc.oneof(
    { weight: 6, arbitrary: value },
    fc.constantFrom<Event>("error", "silence", "acknowledge"),
  );
  const settings: fc.Arbitrary<AlarmSettings> = fc.record({
    high: fc.constant(10),
    low: fc.constantFrom(undefined, 2),
    hysteresis: fc.double({ min: 0, max: 8, noNaN: true }),
    holdMs: fc.constantFrom(0, 1000, 3000),
    latch: fc.boolean(),
    staleMs: fc.constant(0),
  });

  it("never flaps within the hysteresis", () => {
    fc.assert(
      fc.property(
        settings,
        fc.array(event),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true })),
        (set, before, band) => {
          const start = after(set, [...before, 5]).at(-1)!;
          // Between the point where an alarm by the high limit ends and the limit itself, but above the low one.
          const bottom = Math.max(set.high! - set.hysteresis, set.low ?? -Infinity);
          const values = band.map((part) => Math.min(10, bottom + Number.MIN_VALUE + part * (10 - bottom)));
          const alarms = after(set, values, start);
          const changes = alarms.filter((alarm, index) => isChange(index === 0 ? start : alarms[index - 1]!, alarm));
          assert.ok(changes.length <= 1);
        },
      ),
    );
  });

  it("with latch never ends without an acknowledgement", () => {
    fc.assert(
      fc.property(settings, fc.array(event), (set, events) => {
        const latching = { ...set, latch: true };
        const alarms = after(latching, events);
        for (const [index, alarm] of alarms.slice(1).entries()) {
          if (!isLatched(alarms[index]!, latching) || events[index + 1] === "acknowledge") continue;
          assert.ok(alarm.limit !== null && alarm.state !== "ok");
          assert.ok(!alarm.acknowledged);
        }
      }),
    );
  });

  it("is raised whenever a value is beyond a limit without a hold time", () => {
    fc.assert(
      fc.property(settings, fc.array(event), value, (set, events, final) => {
        const { state } = last({ ...set, holdMs: 0 }, ...events, final);
        if (final > 10 || final < (set.low ?? -Infinity)) assert.equal(state, "alarm");
        else assert.notEqual(state, "unknown");
      }),
    );
  });
});
