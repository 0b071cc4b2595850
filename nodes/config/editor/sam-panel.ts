import type { SamStatus } from "../../../src/api";
import type { EditorNode, Query } from "../../common/editor/globals";
import { failureText } from "./failed-request";
import { field, typed } from "./fields";

/** What the runtime reports about the model; without `status` while an installation runs. */
interface SamState {
  /** Whether this Node-RED may install packages. */
  allowed: boolean;
  installation?: { line?: string; state: string; reason?: string };
  status?: SamStatus;
}

type Package = SamStatus["packages"][number];

const POLL_MS = 1000;

/** Shows whether SAM is installed for the data folder in the dialog, and installs it. */
export class SamPanel {
  readonly #button = part("install");
  /** Number of the last request: responses to older ones are out of date. */
  #last = 0;

  constructor(private readonly node: EditorNode) {
    this.#button.on("click", () => this.#install());
    field("dataDir").on("change", () => this.check());
  }

  /** Asks the runtime whether SAM is installed. */
  check(): void {
    this.#clear();
    part("busy").show();
    this.#setStatus(this.node._("segment-config.sam.looking"));
    this.#request("GET");
  }

  #install(): void {
    part("status").trigger("focus"); // the button disappears
    this.#clear();
    this.#showProgress("");
    this.#request("POST");
  }

  #request(method: "GET" | "POST"): void {
    const number = ++this.#last;
    const data = { id: this.node.id, dataDir: typed("dataDir") };
    const body = { contentType: "application/json", data: JSON.stringify(data) };
    $.ajax<SamState>({ url: "segment-config/sam", method, dataType: "json", ...(method === "GET" ? { data } : body) })
      .done((state) => {
        if (number === this.#last) this.#show(state);
      })
      .fail((failure) => {
        if (number !== this.#last) return;
        this.#showFailure(failureText(this.node, failure, this.node._("segment-config.sam.noPermission")));
      });
  }

  #show({ allowed, installation, status }: SamState): void {
    this.#clear();
    if (status === undefined) {
      this.#showProgress(installation?.line ?? "");
      setTimeout(() => this.#poll(), POLL_MS);
    } else if (status.installed !== undefined) this.#showInstalled(status.installed);
    else this.#showMissing(status, allowed, installation);
  }

  /** Asks again, until the dialog is closed. */
  #poll(): void {
    const [button] = this.#button.toArray();
    if (button !== undefined && $.contains(document, button)) this.#request("GET");
  }

  #showProgress(line: string): void {
    part("busy").show();
    this.#setStatus(this.node._("segment-config.sam.installing"));
    part("line").text(line);
  }

  #showInstalled(installed: NonNullable<SamStatus["installed"]>): void {
    const packages = installed.map(({ name, version }) => `${name} ${version}`);
    const folders = new Set(installed.map(({ name, folder }) => folder.slice(0, -name.length - 1)));
    const texts = { packages: packages.join(", "), folders: [...folders].join(", ") };
    this.#setStatus(this.node._("segment-config.sam.installed", texts));
  }

  #showMissing({ dir, packages }: SamStatus, allowed: boolean, installation: SamState["installation"]): void {
    this.#setStatus(this.node._("segment-config.sam.missing", { number: packages.length, dir, ...sizes(packages) }));
    for (const item of packages) part("packages").append(this.#packageItem(item));
    if (installation?.state === "failed") {
      part("error").text(this.node._("segment-config.sam.failed", { reason: installation.reason ?? "" }));
    }
    if (!allowed) part("forbidden").text(this.node._("segment-config.sam.forbidden"));
    this.#button.prop("disabled", !allowed).show();
  }

  #packageItem(item: Package): Query {
    const keys = ["segment-config.sam.package", "segment-config.sam.license", "segment-config.sam.source"];
    const values = { ...item, license: item.licence, ...sizes([item]) };
    return $("<li>").append(keys.map((key) => $("<div>").text(this.node._(key, values))));
  }

  #showFailure(reason: string): void {
    this.#clear();
    this.#setStatus("");
    part("error").text(reason);
  }

  /** Leaves an unchanged text as it is: a screen reader would read it again. */
  #setStatus(status: string): void {
    if (part("status").text() !== status) part("status").text(status);
  }

  #clear(): void {
    part("busy").hide();
    this.#button.hide();
    for (const name of ["line", "error", "forbidden", "packages"]) part(name).empty();
  }
}

function part(name: string): Query {
  return $(`.segment-config-sam-${name}`);
}

/** Sizes of packages in megabytes. */
function sizes(packages: Package[]): { download: number; disk: number } {
  const megabytes = (size: "downloadBytes" | "bytes"): number =>
    Math.round(packages.reduce((sum, item) => sum + item[size], 0) / 1e6);
  return { download: megabytes("downloadBytes"), disk: megabytes("bytes") };
}
