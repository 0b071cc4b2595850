import { isOpen } from "../../common/editor/values";

/** The fields of the authentication that depend on the identity provider. */
export interface ProviderFields {
  tokenUrl: string;
  scopes: string;
  audience: string;
  clientAuth: string;
}

/** The values that fit an identity provider of Cognite Data Fusion, except for the user's own IDs. */
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
 * New values of the fields after a change of provider or cluster. A value that the user typed stays: a field changes only
 * if it still holds its former default, or if it is empty and `withEmpty` is set.
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
