// Light or dark, as this browser's person chose; loaded before the page is painted, so that nothing flashes.
try {
  const chosen = localStorage.getItem("hub:theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Without storage the system's scheme holds.
}
