import { randomUUID, timingSafeEqual, createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { jsonResponse, type HttpResponse } from "./http-response";
import type { Script } from "./script";

/** Issues tokens for OAuth 2 client credentials (RFC 6749, section 4.4): to any client id with the secret. */
export class TokenEndpoint {
  /** When tokens expire, by `performance.now()`. */
  readonly #tokens = new Map<string, number>();

  constructor(private readonly settings: NonNullable<Script["oauth"]>) {}

  /** Responds to `POST /oauth2/token`. The secret is in the form, or in the header as HTTP Basic. */
  respond(headers: IncomingHttpHeaders, body: Buffer): HttpResponse {
    const form = new URLSearchParams(body.toString("utf8"));
    if (form.get("grant_type") !== "client_credentials") {
      return jsonResponse(400, { error: "unsupported_grant_type", error_description: "send client_credentials" });
    }
    if (!isSame(form.get("client_secret") ?? basicSecret(headers), this.settings.clientSecret)) {
      return jsonResponse(401, { error: "invalid_client", error_description: "the client secret is wrong" });
    }
    const token = randomUUID();
    this.#tokens.set(token, performance.now() + this.settings.expiresIn * 1000);
    return jsonResponse(200, { access_token: token, token_type: "Bearer", expires_in: this.settings.expiresIn });
  }

  /** Whether the header `Authorization` holds an issued token that has not expired. */
  accepts(authorization: string | undefined): boolean {
    const token = /^Bearer +(.+)$/i.exec(authorization ?? "")?.[1] ?? "";
    const expires = this.#tokens.get(token) ?? 0;
    if (performance.now() < expires) return true;
    this.#tokens.delete(token);
    return false;
  }
}

function basicSecret({ authorization }: IncomingHttpHeaders): string {
  const pair = /^Basic +(.+)$/i.exec(authorization ?? "")?.[1] ?? "";
  const [, secret = ""] = /:(.*)$/s.exec(Buffer.from(pair, "base64").toString("utf8")) ?? [];
  try {
    return decodeURIComponent(secret); // RFC 6749, 2.3.1: both parts are form-encoded first
  } catch {
    return secret;
  }
}

function isSame(given: string, secret: string): boolean {
  const [a, b] = [given, secret].map((text) => createHash("sha256").update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}
