// While no live stream is open, the page looks for itself: `hub:all` on the body, every 15 s, 60 s in a hidden tab.
// The element #live says how often (data-poll, data-poll-hidden: milliseconds). htmx closes the stream of a hidden tab itself and
// catches up when it is seen again; that pause counts as open.
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

  // A stream that ends is tried again: it is open once the server has answered.
  live.addEventListener("htmx:sse:after:connection", opened(true));
  for (const name of ["before:connection", "error", "close"]) live.addEventListener(`htmx:sse:${name}`, opened(false));

  opened(false)();
  document.addEventListener("visibilitychange", look);
  // Browsers slow the timers of hidden tabs, so the clock decides and not the count of ticks.
  setInterval(look, Math.min(1000, patience() / 4));
})();
