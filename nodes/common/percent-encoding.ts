/** Decodes the percent-encoding of a part of a URL; undefined when it can't be decoded. */
export function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
