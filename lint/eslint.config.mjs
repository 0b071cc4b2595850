// The rules of this project's own. They need no types, so that their tests are quick.
import tseslint from "typescript-eslint";
import { arrows } from "./arrows.mjs";
import { loadTime } from "./load-time.mjs";

export default [
  {
    files: ["**/*.{ts,mjs}"],
    languageOptions: { parser: tseslint.parser },
    plugins: { house: { rules: { arrows, "load-time": loadTime } } },
    rules: { "house/arrows": "error", "house/load-time": "error" },
  },
];
