import js from "@eslint/js";
import tseslint from "typescript-eslint";

/**
 * The arrows of the architecture (docs/architecture.md): each folder and what of ours it may import.
 * Whatever is not listed is refused.
 */
const ARROWS = {
  nodes: ["api", "prompt", "image", "client", "result", "alarm", "store", "embedded"],
  api: [],
  image: [],
  store: [],
  prompt: ["api"],
  client: ["api"],
  result: ["api"],
  alarm: ["api"],
  embedded: ["api"],
  engine: ["api"],
  server: ["api", "engine", "store", "image"],
};
const FOLDERS = Object.keys(ARROWS);
const NATIVE = ["sharp", "onnxruntime-node", "onnxruntime-web"];

const arrowRules = FOLDERS.map((folder) => {
  const forbidden = FOLDERS.filter((other) => other !== folder && !ARROWS[folder].includes(other));
  const patterns = [
    {
      regex: `^(\\.\\./)+(src/)?(${forbidden.join("|")})(/|$)`,
      message: `${folder} may import only: ${ARROWS[folder].join(", ") || "nothing of ours"}.`,
    },
    ...(folder === "engine"
      ? []
      : [{ regex: `^(${NATIVE.join("|")})(/|$)`, message: "Native code is loaded by src/engine only." }]),
  ];
  return {
    files: [folder === "nodes" ? "nodes/**/*.ts" : `src/${folder}/**/*.ts`],
    rules: {
      "no-restricted-imports": ["error", { patterns }],
      // The same for import(), which that rule does not see. A selector's regex can't hold a slash.
      "no-restricted-syntax": [
        "error",
        ...patterns.map(({ regex, message }) => ({
          selector: `ImportExpression > Literal[value=/${regex.replaceAll("/", "\\u002F")}/]`,
          message,
        })),
      ],
    },
  };
});

export default tseslint.config(
  { ignores: ["dist/", "node_modules/", "bench/results/", "coverage/"] },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-require-imports": ["error", { allowAsImport: true }],
    },
  },
  // Index arithmetic on typed arrays: in the inner loops a fallback for "undefined" would cost time.
  {
    files: ["src/engine/**/*.ts", "bench/critic/network.ts"],
    rules: { "@typescript-eslint/no-non-null-assertion": "off" },
  },
  { files: ["test/**/*.ts"], rules: { "@typescript-eslint/no-non-null-assertion": "off" } },
  { files: ["**/*.mjs"], languageOptions: { globals: { process: "readonly", console: "readonly" } } },
  ...arrowRules,
);
