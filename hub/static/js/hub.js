// Small islands of behaviour. Everything here is extra: pages can be read, and their links and forms used, without it.

const root = document.documentElement;
// How far the server's clock is ahead of this device's.
const ahead = root.dataset.now ? Number(root.dataset.now) - Date.now() : 0;

// Times: the server writes them absolute, in the person's zone; a near one reads better relative ("in 3 hours").
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];
const FAR_SECONDS = 7 * 86400;

function relative(seconds) {
  const words = new Intl.RelativeTimeFormat(root.lang || "en", { numeric: "auto" });
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ["minute", 60];
  return words.format(Math.trunc(seconds / size), unit);
}

function tell(time) {
  const seconds = (new Date(time.dateTime) - Date.now() - ahead) / 1000;
  if (!time.title) time.title = time.textContent.trim();
  const text = Math.abs(seconds) < FAR_SECONDS ? relative(seconds) : time.title;
  if (time.textContent !== text) time.textContent = text;
}

const tellTimes = () => document.querySelectorAll("time[data-relative]").forEach(tell);

// The theme: one button that changes between light and dark and remembers it here.
const dark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

function showTheme() {
  for (const button of document.querySelectorAll("[data-theme-toggle]")) {
    button.hidden = false;
    button.setAttribute("aria-pressed", String(dark()));
  }
}

function changeTheme() {
  root.dataset.theme = dark() ? "light" : "dark";
  try {
    localStorage.setItem("hub:theme", root.dataset.theme);
  } catch {
    // It holds for this page.
  }
  showTheme();
}

document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-print]")) print();
  if (target.closest("[data-theme-toggle]")) changeTheme();
  if (target.closest("[data-dismiss]")) target.closest(target.closest("[data-dismiss]").dataset.dismiss).remove();
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(target)) menu.open = false;
});

document.addEventListener("keydown", ({ key }) => {
  const menu = key === "Escape" && document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// Cells: one that comes again as it was stays untouched; one that changed lights up shortly, so that the eye finds it.
const cellOf = (event) => event.detail?.ctx?.sourceElement?.closest?.(".cell");

// The cell whose button was pressed: the button may be gone with what it did, and the focus then stays with the cell.
let pressed = null;

document.addEventListener("htmx:before:swap", (event) => {
  pressed = cellOf(event)?.contains(document.activeElement) ? cellOf(event).id : null;
  const version = cellOf(event)?.dataset.version;
  if (version && event.detail.ctx.text?.includes(`data-version="${version}"`)) event.preventDefault();
});

document.addEventListener("htmx:after:swap", (event) => {
  tellTimes();
  const cell = document.getElementById(cellOf(event)?.id ?? pressed);
  if (!cell || event.detail.ctx.response?.status === 204) return;
  if (cell.id === pressed && !(cell.contains(document.activeElement) && document.activeElement.checkVisibility())) {
    cell.tabIndex = -1;
    cell.focus({ preventScroll: true });
  }
  cell.classList.add("cell--changed");
  cell.addEventListener("animationend", () => cell.classList.remove("cell--changed"), { once: true });
});

// Moments: what was earned while the page is open is asked for when it is seen, and its note goes by itself.
const moments = document.getElementById("moments");
const NOTE_MS = 12_000;
let waiting = false;
let asking = 0;

function ask() {
  waiting = true;
  if (document.hidden) return;
  waiting = false;
  clearTimeout(asking);
  // What one event brought comes as several notices.
  asking = setTimeout(() => moments.dispatchEvent(new CustomEvent("hub:moments")), 150);
}

if (moments) {
  for (const name of moments.dataset.events.split(" ")) document.body.addEventListener(name, ask);
  document.addEventListener("visibilitychange", () => waiting && ask());
}

function goByItself(note) {
  const go = () => (note.matches(":hover, :focus-within") ? setTimeout(go, NOTE_MS) : note.remove());
  setTimeout(go, NOTE_MS);
}

new MutationObserver((changes) => {
  for (const { addedNodes } of changes) for (const note of addedNodes) if (note.nodeType === 1) (goByItself(note), tellTimes());
}).observe(document.getElementById("toasts"), { childList: true });

for (const button of document.querySelectorAll("[data-print]")) button.hidden = false;
tellTimes();
showTheme();
setInterval(tellTimes, 30_000);
