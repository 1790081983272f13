// Build the page: sources -> a folder of plain files, the same bytes whenever the sources and the lock are the same.
//   node build.mjs [FOLDER]      FOLDER is ../assets by default and is replaced
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "..", "assets");
const font = join(here, "node_modules", "@fontsource-variable", "inter");

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
await build({
  absWorkingDir: here,
  entryPoints: { page: "src/main.ts", style: "style/page.css" },
  outdir: out,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["chrome110", "firefox115", "safari16"],
  external: ["*.woff2"],
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
});
for (const name of ["index.html", "icon.svg"]) writeFileSync(join(out, name), readFileSync(join(here, name)));
copyFileSync(join(font, "files", "inter-latin-wght-normal.woff2"), join(out, "inter.woff2"));
copyFileSync(join(font, "LICENSE"), join(out, "inter-license.txt"));
