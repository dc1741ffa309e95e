// While no live stream is open, the page looks for itself: `hub:all` on the body, every 15 s, 60 s in a hidden tab.
// The element #live says where the stream is (data-stream; without it the page only polls) and how often to look (data-poll,
// data-poll-hidden: milliseconds). htmx closes the stream of a hidden tab and catches up when it is seen again: that counts as open.
(() => {
  "use strict";
  const live = document.getElementById("live");
  if (!live) return;

  let open = false;
  let lookedAt = performance.now();

  const patience = () => {
    const often = Number(live.dataset.poll) || 15000;
    return document.hidden ? Number(live.dataset.pollHidden) || 4 * often : often;
  };

  const look = () => {
    if (open || performance.now() - lookedAt < patience()) return;
    lookedAt = performance.now();
    document.body.dispatchEvent(new CustomEvent("hub:all"));
  };

  const opened = (isOpen) => () => {
    open = isOpen;
    live.dataset.state = isOpen ? "open" : "closed";
  };

  const connect = () => {
    if (!live.dataset.stream) return;
    live.setAttribute("hx-sse:connect", live.dataset.stream);
    window.htmx.process(live);
  };

  // A stream that ends is tried again: it is open once the server has answered.
  live.addEventListener("htmx:sse:after:connection", opened(true));
  for (const name of ["before:connection", "error", "close"]) live.addEventListener(`htmx:sse:${name}`, opened(false));
  opened(false)();

  // htmx may begin before the script of its extension is there; now they all are.
  document.addEventListener("DOMContentLoaded", connect);
  document.addEventListener("visibilitychange", look);
  // Browsers slow the timers of hidden tabs, so the clock decides and not the count of ticks.
  setInterval(look, Math.min(1000, patience() / 4));
})();
