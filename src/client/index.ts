/** Client of the contract: jobs, files, tokens, retries, and the waiter that watches many jobs with few requests. */
export { checkService, type Finding, type ServiceKind } from "./check-service";
export { SegmentClient, type ClientOptions } from "./client";
export { addressText, fetchUrl } from "./fetch-url";
export type { Upload } from "./files";
export { LONGEST_JOB_MS } from "./job-slots";
export { jobFailure, jobTimings, type JobTimings } from "./jobs";
export type { Network, Proxy, TlsOptions } from "./network";
export { clientCredentials, type ClientCredentialsOptions } from "./oauth";
export { currentToken, noToken, staticToken, type TokenProvider } from "./tokens";
export type { JobWaiter, WaitOptions } from "./waiter";
