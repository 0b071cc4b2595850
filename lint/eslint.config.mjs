// The rules of this project's own. They need no types, so that their tests are quick.
import tseslint from "typescript-eslint";
import { arrows } from "./arrows.mjs";
import { loadTime } from "./load-time.mjs";

const FUNCTION_LINES = 60;
const FILE_LINES = 300;
/** A node file is wiring only. */
const NODE_LINES = 110;

export default [
  {
    files: ["**/*.{ts,mjs}"],
    languageOptions: { parser: tseslint.parser },
    plugins: { house: { rules: { arrows, "load-time": loadTime } } },
    rules: { "house/arrows": "error", "house/load-time": "error" },
  },
  {
    files: ["{nodes,src,tools,scripts,bench,lint,examples}/**/*.{ts,mjs}"],
    rules: {
      "max-lines": ["error", FILE_LINES],
      "max-lines-per-function": ["error", FUNCTION_LINES],
    },
  },
  { files: ["nodes/*.ts"], rules: { "max-lines": ["error", NODE_LINES] } },
];
