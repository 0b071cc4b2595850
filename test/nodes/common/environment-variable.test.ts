import assert from "node:assert/strict";
import { variableOf } from "../../../nodes/common/environment-variable";

describe("a field that may name an environment variable", () => {
  it("names one when it is nothing but the variable", () => {
    assert.equal(variableOf("${SERVER_URL}"), "SERVER_URL");
    assert.equal(variableOf("${MY VAR}"), "MY VAR");
  });

  it("is plain text otherwise", () => {
    for (const value of ["", "SERVER_URL", "${}", "http://${HOST}", "${A}${B}", " ${A}", 5, undefined, null]) {
      assert.equal(variableOf(value), undefined, String(value));
    }
  });
});
