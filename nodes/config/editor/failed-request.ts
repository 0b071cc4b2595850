import type { EditorNode, FailedRequest } from "../../common/editor/globals";

/**
 * Why the runtime did not do what the dialog asked for.
 * @param noPermission the text for a user without the permission
 */
export function failureText(node: EditorNode, failure: FailedRequest, noPermission: string): string {
  const message = failure.responseJSON?.message;
  if (message) return message;
  return failure.status === 401 ? noPermission : node._("segment-config.error.noResponse");
}
