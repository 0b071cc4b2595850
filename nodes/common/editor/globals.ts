// The editor's globals, jQuery and RED: no more of them than the dialogs use.

/** A node as the editor holds it. Its properties come from a flow, which may be older than the dialog or made by hand. */
export interface EditorNode {
  readonly id: string;
  readonly _def: { readonly defaults: Readonly<Record<string, NodeProperty>> };
  /** A text of the catalogue. */
  _(key: string, values?: Record<string, string | number>): string;
  [property: string]: unknown;
}

export interface NodeProperty {
  value: unknown;
  validate?: Validator;
}

/** Returns true, or the reason why a value cannot be used. */
export type Validator = (this: EditorNode, value: unknown, options: object) => true | string;

/** Value of a form element; null for a select without a choice, undefined when there is no such element. */
type FieldValue = string | null | undefined;

interface TypedInputOptions {
  default: string;
  types: (string | { value: string; label: string; hasValue: boolean })[];
  typeField?: string;
}

interface EditableListOptions<T> {
  addItem: (container: Query, index: number, item: T) => void;
  removable: boolean;
  sortable: boolean;
}

/** A jQuery object with the editor's widgets. */
export interface Query {
  readonly [index: number]: HTMLElement | undefined;
  val(): FieldValue;
  val(value: string): Query;
  text(): string;
  text(value: string): Query;
  attr(name: string): string | undefined;
  attr(name: string, value: string): Query;
  prop(name: "checked"): boolean;
  prop(name: string, value: boolean | number): Query;
  css(name: string, value: string): Query;
  css(styles: Record<string, string>): Query;
  data(name: string): string;
  find(selector: string): Query;
  append(...content: (Query | Query[] | Text)[]): Query;
  appendTo(parent: Query): Query;
  empty(): Query;
  hide(): Query;
  show(): Query;
  toggle(isShown: boolean): Query;
  toggleClass(name: string, isSet: boolean): Query;
  outerHeight(withMargin: true): number;
  on(events: string, handler: () => void): Query;
  trigger(event: string): Query;
  toArray(): HTMLElement[];
  typedInput(options: TypedInputOptions): Query;
  typedInput(property: "value" | "type"): string;
  typedInput(property: "value" | "type", value: string): Query;
  editableList<T>(options: EditableListOptions<T>): Query;
  editableList<T>(method: "addItem", item: T): Query;
  editableList(method: "items"): { toArray(): Query[] };
  editableList(method: "height", pixels: number): Query;
}

/** Why a request has failed. */
export interface FailedRequest {
  /** HTTP status; 0 without a response. */
  status: number;
  responseJSON?: { code?: string; message?: string };
}

export interface PendingRequest<T> {
  always(handler: () => void): PendingRequest<T>;
  done(handler: (body: T) => void): PendingRequest<T>;
  fail(handler: (failure: FailedRequest) => void): PendingRequest<T>;
  abort(): void;
}

export interface RequestOptions {
  url: string;
  method?: string;
  contentType?: string;
  /** A query (GET), or a body as JSON. */
  data?: string | Record<string, FieldValue>;
  dataType?: "json";
  xhr?: () => XMLHttpRequest;
  xhrFields?: { responseType: "blob" };
}

interface JQuery {
  (target: string | HTMLElement | Query): Query;
  /** Makes an element. */
  (html: string, attributes: Record<string, string>): Query;
  /** T is what the route sends: dialogs and routes come with the same package. */
  ajax<T>(options: RequestOptions): PendingRequest<T>;
  ajaxSettings: { xhr(): XMLHttpRequest };
  contains(container: Document, element: HTMLElement): boolean;
}

declare global {
  const $: JQuery;
  const RED: { notify(text: string, type: "warning"): void };
}
