import { SegmentError } from "../api";

/** The error of work that its caller has cancelled. @param doing what was cancelled, such as "wait for job 7" */
export function cancelledError(doing: string): SegmentError {
  return new SegmentError("cancelled", `Cancelled: ${doing}.`);
}
