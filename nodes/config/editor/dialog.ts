// The script of the config node's dialog.
import { disclosure } from "../../common/editor/disclosure";
import type { EditorNode } from "../../common/editor/globals";
import { textOf } from "../../common/editor/values";
import { ConnectionTest } from "./connection-test";
import { field, startEditing, stopEditing, typed } from "./fields";
import { changedFields, providerDefaults, providerOf } from "./provider";
import { SamPanel } from "./sam-panel";

export * from "./checks";
export { stopEditing } from "./fields";

/** Properties in the part Advanced of the dialog. */
const ADVANCED = ["timeout", "retries", "concurrency", "maxPending", "maxJobs"];

export function label(this: EditorNode): string {
  const { name, service, baseUrl, project } = this;
  if (name) return textOf(name);
  if (service === "server") return textOf(baseUrl) || this._("segment-config.service.server");
  if (service === "cdf") return textOf(project) || this._("segment-config.service.cdf");
  return this._("segment-config.service.embedded");
}

export function prepare(node: EditorNode): void {
  startEditing(node);
  chooseFirst(["service", "engine", "auth", "clientAuth"]);
  showWhatApplies();
  prepareProvider();
  prepareTls(node);
  prepareAdvanced(node);
  new ConnectionTest(node);
  prepareService(new SamPanel(node));
}

export function save(): void {
  if (!field("usetls").prop("checked")) field("tls").val("_ADD_");
  stopEditing();
}

/** A node of an older flow has no value for a choice that did not exist then. */
function chooseFirst(names: string[]): void {
  for (const name of names) if (field(name).val() === null) field(name).prop("selectedIndex", 0);
}

/** Shows the fields that the chosen service and authentication use. */
function showWhatApplies(): void {
  const [service, auth] = [typed("service"), typed("auth")];
  for (const element of $(".segment-config-rows").toArray()) {
    $(element).toggle($(element).data("services").split(" ").includes(service));
  }
  for (const element of $(".segment-config-auth").toArray()) $(element).toggle($(element).data("auth") === auth);
  $(".segment-config-provider").toggle(service === "cdf" && auth === "oauth");
}

function prepareService(sam: SamPanel): void {
  let before = typed("service");
  if (before === "embedded") sam.check();
  field("service").on("change", () => {
    // The editor also triggers this event once it has opened the dialog, without a change.
    if (typed("service") === before) return;
    before = typed("service");
    if (before === "cdf" && typed("auth") === "none") field("auth").val("oauth");
    if (before === "embedded") sam.check();
    showWhatApplies();
  });
  field("auth").on("change", showWhatApplies);
}

/** The choice of an identity provider fills in the fields that depend on it. The choice itself is not stored. */
function prepareProvider(): void {
  const provider = field("provider").val(providerOf(typed("tokenUrl")));
  const read = () => providerDefaults(typed("provider"), typed("cluster"));
  let defaults = read();

  function fillIn(withEmpty: boolean): void {
    const next = read();
    const now = {
      ...{ tokenUrl: typed("tokenUrl"), scopes: typed("scopes") },
      ...{ audience: typed("audience"), clientAuth: typed("clientAuth") },
    };
    for (const [name, value] of changedFields(now, defaults, next, withEmpty)) field(name).val(value).trigger("change");
    defaults = next;
  }
  provider.on("change", () => fillIn(true));
  field("cluster").on("change", () => fillIn(false));
}

function prepareTls(node: EditorNode): void {
  const use = field("usetls").prop("checked", Boolean(node.tls));
  const show = (): void => void $(".segment-config-tls").toggle(use.prop("checked"));
  use.on("change", show);
  show();
}

/** The part Advanced is closed, unless one of its values is wrong. */
function prepareAdvanced(node: EditorNode): void {
  const { defaults } = node._def;
  const show = disclosure($(".segment-config-advanced"), $("#segment-config-advanced-fields"));
  show(ADVANCED.some((name) => (defaults[name]?.validate?.call(node, node[name], {}) ?? true) !== true));
}
