import type { EditorNode } from "../../common/editor/globals";
import { failureText } from "./failed-request";
import { chosen, field, typed } from "./fields";

/** One thing that jobs need, and what is wrong with it. */
interface Finding {
  check: "token" | "project" | "server" | "segment";
  problem?: string;
  details?: Record<string, string | number>;
}

/** What the test needs to know besides secrets, TLS and proxy. */
const TESTED = [
  ...["name", "service", "baseUrl", "cluster", "project", "apiVersion", "auth", "tokenUrl", "clientId", "scopes"],
  ...["audience", "clientAuth", "timeout", "concurrency", "engine", "dataDir", "keepHours", "keepMegabytes"],
];
const PASSED: Record<Finding["check"], string> = {
  token: "segment-config.test.token",
  project: "segment-config.test.project",
  server: "segment-config.test.server",
  segment: "segment-config.test.segment",
};
const FAILED: Record<Finding["check"], string> = {
  token: "segment-config.test.noToken",
  project: "segment-config.test.noProject",
  server: "segment-config.test.noServer",
  segment: "segment-config.test.noSegment",
};

/** Tests the service with the values in the dialog, and shows a line for each finding. */
export class ConnectionTest {
  readonly #button = $(".segment-config-test");
  readonly #result = $(".segment-config-test-result");
  /** Number of the last test: findings of older ones are out of date. */
  #last = 0;
  #isBusy = false;

  constructor(private readonly node: EditorNode) {
    this.#button.on("click", () => {
      if (!this.#isBusy) this.#run();
    });
    // Findings hold for the values that were tested.
    $("[id^=node-config-input-]").on("input change", () => this.#reset());
  }

  #reset(): void {
    this.#last++;
    this.#setBusy(false);
    this.#result.empty();
  }

  #run(): void {
    const number = ++this.#last;
    this.#setBusy(true);
    this.#result.empty().text(this.node._("segment-config.test.testing"));
    const ifCurrent =
      <T extends unknown[]>(act: (...args: T) => void) =>
      (...args: T): void => {
        if (number === this.#last) act(...args);
      };
    const body = { contentType: "application/json", data: this.#requestBody() };
    $.ajax<{ findings: Finding[] }>({ url: "segment-config/test", method: "POST", dataType: "json", ...body })
      .always(ifCurrent(() => this.#finish()))
      .done(ifCurrent(({ findings }) => findings.forEach((finding) => this.#showFinding(finding))))
      .fail(
        ifCurrent((failure) =>
          this.#showLine(false, failureText(this.node, failure, this.node._("segment-config.test.noPermission"))),
        ),
      );
  }

  #requestBody(): string {
    const tls = field("usetls").prop("checked") ? chosen("tls") : "";
    const texts = TESTED.map((name) => [name, typed(name)]);
    const fields = { ...(Object.fromEntries(texts) as Record<string, string>), tls, proxy: chosen("proxy") };
    return JSON.stringify({ id: this.node.id, fields, token: typed("token"), clientSecret: typed("clientSecret") });
  }

  #finish(): void {
    this.#setBusy(false);
    this.#result.empty();
  }

  #setBusy(isBusy: boolean): void {
    this.#isBusy = isBusy;
    // A disabled button would lose the focus.
    this.#button.attr("aria-disabled", String(isBusy)).toggleClass("disabled", isBusy);
  }

  #showFinding({ check, problem, details }: Finding): void {
    if (problem === undefined) this.#showLine(true, this.node._(PASSED[check], details ?? {}));
    else this.#showLine(false, `${this.node._(FAILED[check])} ${problem}`);
  }

  #showLine(isGood: boolean, text: string): void {
    const sign = $('<span aria-hidden="true">')
      .css("color", isGood ? "var(--red-ui-text-color-success)" : "var(--red-ui-text-color-error)")
      .text(isGood ? "✔ " : "✖ ");
    this.#result.append($("<div>").append(sign, document.createTextNode(text)));
  }
}
