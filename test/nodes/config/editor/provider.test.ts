import assert from "node:assert/strict";
import { changedFields, providerDefaults, providerOf } from "../../../../nodes/config/editor/provider";

const EMPTY = providerDefaults("", "");

describe("identity providers in the config dialog", () => {
  it("have defaults for the cluster, once it has a name", () => {
    assert.equal(providerDefaults("entra", "westeurope-1").scopes, "https://westeurope-1.cognitedata.com/.default");
    assert.equal(providerDefaults("other", " westeurope-1 ").audience, "https://westeurope-1.cognitedata.com");
    assert.equal(providerDefaults("cdf", "westeurope-1").clientAuth, "basic");
    for (const cluster of ["", "${CLUSTER}"]) {
      assert.equal(providerDefaults("entra", cluster).scopes, "");
      assert.equal(providerDefaults("other", cluster).audience, "");
    }
  });

  it("are recognized by the token URL", () => {
    assert.equal(providerOf(""), "");
    assert.equal(providerOf("https://login.example/token"), "other");
    for (const provider of ["entra", "cdf"]) {
      assert.equal(providerOf(providerDefaults(provider, "").tokenUrl), provider);
    }
  });

  it("fill in fields that are empty or hold the former default", () => {
    const entra = providerDefaults("entra", "a");
    const other = providerDefaults("other", "a");
    assert.deepEqual(Object.fromEntries(changedFields(entra, entra, other, true)), {
      ...{ tokenUrl: "", scopes: "", audience: "https://a.cognitedata.com" },
    });
    const typed = { ...EMPTY, tokenUrl: "https://login.example/token", scopes: "mine" };
    assert.deepEqual(changedFields(typed, EMPTY, entra, true), []);
    assert.deepEqual(changedFields(typed, EMPTY, other, true), [["audience", "https://a.cognitedata.com"]]);
  });

  it("fill in an empty field only when the provider changes, not the cluster", () => {
    const [before, after] = [providerDefaults("entra", "a"), providerDefaults("entra", "b")];
    const emptied = { ...before, scopes: "" };
    assert.deepEqual(changedFields(emptied, before, after, false), []);
    assert.deepEqual(changedFields(emptied, before, after, true), [["scopes", after.scopes]]);
  });
});
