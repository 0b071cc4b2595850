/** Durable records and contents in plain files. */
export { ContentStore, contentHash } from "./content-store";
export { isMissing, isUnreadable, writeDurably } from "./durable";
export { Journal } from "./journal";
export { RecordStore } from "./record-store";
