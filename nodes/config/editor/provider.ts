import { isOpen } from "../../common/editor/validator";

/** The fields of the authentication that depend on the identity provider. */
export interface ProviderFields {
  tokenUrl: string;
  scopes: string;
  audience: string;
  clientAuth: string;
}

/** What fits an identity provider of Cognite Data Fusion, as far as it is known without the user's own ids. */
export function providerDefaults(provider: string, cluster: string): ProviderFields {
  const host = isOpen(cluster) ? "" : `https://${cluster.trim()}.cognitedata.com`;
  const nothing = { tokenUrl: "", scopes: "", audience: "", clientAuth: "post" };
  switch (provider) {
    case "entra": {
      const tokenUrl = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token";
      return { ...nothing, tokenUrl, scopes: host && `${host}/.default` };
    }
    case "cdf":
      return { ...nothing, tokenUrl: "https://auth.cognite.com/oauth2/token", clientAuth: "basic" };
    case "other":
      return { ...nothing, audience: host };
    default:
      return nothing;
  }
}

/** The provider that a token URL belongs to; empty without a URL. */
export function providerOf(tokenUrl: string): string {
  if (tokenUrl === "") return "";
  if (tokenUrl.startsWith("https://login.microsoftonline.com/")) return "entra";
  return tokenUrl.startsWith("https://auth.cognite.com/") ? "cdf" : "other";
}

/**
 * What to write into fields when provider or cluster change. A value that the user typed stays: only a field that still
 * holds its former default is changed, and an empty one when `withEmpty` is set.
 */
export function changedFields(
  now: ProviderFields,
  before: ProviderFields,
  next: ProviderFields,
  withEmpty: boolean,
): [name: string, value: string][] {
  const names = ["tokenUrl", "scopes", "audience", "clientAuth"] as const;
  return names
    .filter((name) => now[name] === before[name] || (withEmpty && now[name] === ""))
    .filter((name) => now[name] !== next[name])
    .map((name) => [name, next[name]]);
}
