/** Certificates of an authority of our own, made by the program openssl, which these tests need. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeFolder } from "../../tools/remove-folder";

export interface Certificate {
  cert: string;
  key: string;
}

/** An authority, a server of this machine that it vouches for, and a client. */
export interface Certificates {
  authority: string;
  server: Certificate;
  client: Certificate;
}

export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), "segment-certificates-"));
  const path = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): unknown => execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const issue = (name: string, extension: string): Certificate => {
    writeFileSync(path(`${name}.ext`), extension);
    openssl("req", ...key, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
    const by = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"];
    openssl(
      "x509",
      "-req",
      "-in",
      `${name}.csr`,
      ...by,
      "-days",
      "2",
      "-extfile",
      `${name}.ext`,
      "-out",
      `${name}.crt`,
    );
    return { cert: readFileSync(path(`${name}.crt`), "utf8"), key: readFileSync(path(`${name}.key`), "utf8") };
  };
  try {
    openssl(
      "req",
      "-x509",
      ...key,
      "-keyout",
      "ca.key",
      "-out",
      "ca.crt",
      "-days",
      "2",
      "-subj",
      "/CN=plant authority",
    );
    return {
      authority: readFileSync(path("ca.crt"), "utf8"),
      server: issue("server", "subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:plant.example"),
      client: issue("gateway-4", "extendedKeyUsage=clientAuth"),
    };
  } finally {
    removeFolder(folder);
  }
}
