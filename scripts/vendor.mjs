// Copies the pinned browser packages into hub/static/vendor/, so that the hub needs no CDN, no node_modules and no build step.
// `make vendor` runs it. It writes vendor.lock.json (each tarball's integrity, each file's sha384), which tests/test_vendor.py
// recomputes without a network. A tarball that differs from the lock at the same version is refused.
//
// To add an icon: put its Lucide name into ICONS, run `make vendor`, commit. To update a package: change its version here.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const VENDOR = join(ROOT, "hub", "static", "vendor");
const LOCK = join(VENDOR, "vendor.lock.json");

const PACKAGES = [
  {
    name: "htmx.org",
    version: "4.0.1",
    license: "0BSD",
    files: {
      "dist/htmx.min.js": "htmx.min.js",
      "dist/ext/hx-sse.min.js": "hx-sse.min.js",
      "dist/ext/hx-ptag.min.js": "hx-ptag.min.js",
      LICENSE: "htmx.LICENSE.txt",
    },
  },
  {
    name: "lucide-static",
    version: "1.62.0",
    license: "ISC AND MIT",
    files: { LICENSE: "lucide.LICENSE.txt" },
    // One sprite of the icons in use: the whole set weighs half a megabyte.
    sprite: "icons.svg",
  },
];

const ICONS = `
  arrow-down arrow-left arrow-right arrow-up arrow-up-right award badge-check bell book-open briefcase building-2 calendar calendar-check
  chart-column chart-line check chevron-down chevron-left chevron-right chevron-up circle circle-alert circle-check circle-dot circle-help
  circle-x clock coins crown download ellipsis external-link eye file-text filter flag flame gift graduation-cap grip-vertical handshake
  heart history house info layers layout-dashboard life-buoy link list lock log-in log-out mail map-pin medal megaphone menu minus monitor
  moon party-popper pause pencil percent phone play plus refresh-cw rocket search send settings shield-check snowflake sparkles star sun
  tag target thumbs-up trash-2 trending-down trending-up triangle-alert trophy undo-2 upload user users wallet wifi-off wrench x zap
`.trim().split(/\s+/);

const sha384 = (bytes) => `sha384-${createHash("sha384").update(bytes).digest("base64")}`;

function fetchPackage({ name, version }, folder) {
  const answer = execFileSync("npm", ["pack", `${name}@${version}`, "--json", "--pack-destination", folder], { stdio: ["ignore", "pipe", "ignore"] });
  const [{ filename, integrity }] = JSON.parse(answer);
  const tarball = readFileSync(join(folder, filename));
  const found = `sha512-${createHash("sha512").update(tarball).digest("base64")}`;
  if (found !== integrity) throw new Error(`${name}: the tarball is ${found}, its registry says ${integrity}`);
  execFileSync("tar", ["-xzf", join(folder, filename), "-C", folder]);
  return { integrity, contents: join(folder, "package") };
}

function refuseChanged({ name, version }, integrity) {
  if (!existsSync(LOCK)) return;
  const locked = JSON.parse(readFileSync(LOCK, "utf8")).packages.find((p) => p.name === name && p.version === version);
  if (locked && locked.integrity !== integrity) throw new Error(`${name}@${version}: ${integrity} is not the locked ${locked.integrity}`);
}

// An outside sprite takes no style from the page's sheet but what is inherited, so each symbol says how it is drawn.
function symbol(contents, name) {
  const svg = readFileSync(join(contents, "icons", `${name}.svg`), "utf8");
  const inner = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"));
  const shapes = inner.trim().replace(/\s*\n\s*/g, "");
  return (
    `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" ` +
    `stroke-linecap="round" stroke-linejoin="round">${shapes}</symbol>\n`
  );
}

function sprite(contents, { name, version, license }) {
  const note = `<!-- ${ICONS.length} icons of ${name} ${version}, ${license}, see lucide.LICENSE.txt. Made by scripts/vendor.mjs. -->\n`;
  return `${note}<svg xmlns="http://www.w3.org/2000/svg">\n${ICONS.map((icon) => symbol(contents, icon)).join("")}</svg>\n`;
}

function vendored(pinned) {
  const folder = mkdtempSync(join(tmpdir(), "vendor-"));
  try {
    const { integrity, contents } = fetchPackage(pinned, folder);
    refuseChanged(pinned, integrity);
    const files = Object.entries(pinned.files).map(([from, to]) => ({ to, from, bytes: readFileSync(join(contents, from)) }));
    if (pinned.sprite) files.push({ to: pinned.sprite, from: "icons/*.svg", bytes: Buffer.from(sprite(contents, pinned)) });
    return { pinned, integrity, files };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// Everything is fetched and checked before the first file changes.
const all = PACKAGES.map(vendored);
mkdirSync(VENDOR, { recursive: true });
const kept = new Set(all.flatMap(({ files }) => files.map(({ to }) => to)));
for (const old of readdirSync(VENDOR)) if (!kept.has(old)) rmSync(join(VENDOR, old));
for (const { files } of all) for (const { to, bytes } of files) writeFileSync(join(VENDOR, to), bytes);

const packages = all.map(({ pinned: { name, version, license }, integrity, files }) => ({
  name,
  version,
  license,
  integrity,
  files: files.map(({ to, from, bytes }) => ({ path: to, from, sha384: sha384(bytes) })),
}));
writeFileSync(LOCK, `${JSON.stringify({ packages, icons: ICONS }, null, 2)}\n`);
for (const file of [...kept, "vendor.lock.json"]) console.log(relative(ROOT, join(VENDOR, file)));
