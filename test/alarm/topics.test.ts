import assert from "node:assert/strict";
import { AlarmTopics, NEW_ALARM, type Alarm } from "../../src/alarm";
import { MAX_TOPICS } from "../../src/alarm/topics";

const OK: Alarm = { ...NEW_ALARM, state: "ok", received: true };
const RAISED: Alarm = { ...NEW_ALARM, state: "alarm", limit: "high", received: true };

describe("the alarms of many topics", () => {
  it("are independent", () => {
    const topics = new AlarmTopics();
    topics.set("a", RAISED);
    topics.set(null, OK);
    assert.deepEqual([topics.get("a"), topics.get(null), topics.get("b")], [RAISED, OK, NEW_ALARM]);
  });

  it("forget a silence before the first message", () => {
    const topics = new AlarmTopics();
    topics.set(null, { ...NEW_ALARM, state: "unknown" });
    assert.deepEqual(topics.set("a", OK), [null]);
    assert.deepEqual(topics.topics, ["a"]);
  });

  it("are limited in number: the one that has been ok and silent longest is removed first, an alarm last", () => {
    const topics = new AlarmTopics();
    topics.set("alarm", RAISED);
    for (let index = 1; index < MAX_TOPICS; index++) assert.deepEqual(topics.set(`ok ${index}`, OK), []);
    topics.set("ok 1", OK);
    assert.deepEqual(topics.set("new", OK), ["ok 2"]);
    assert.deepEqual(topics.set("ok 1", RAISED), [], "no new topic");
    assert.equal(topics.topics.length, MAX_TOPICS);
    for (const topic of topics.topics) topics.set(topic, RAISED);
    assert.deepEqual(topics.set("newest", RAISED), ["alarm"]);
  });
});
