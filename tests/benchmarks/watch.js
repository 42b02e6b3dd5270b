// Runs before the page's own scripts: when an input event began, and when the frame that answers it was painted.
(() => {
  "use strict";
  const found = { moves: [], releases: [], open: null };
  window.measured = found;

  /** After the next frame: the message is handled once style, layout and paint of that frame are done. */
  function painted(then) {
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => {
        channel.port1.close();
        then(performance.now());
      };
      channel.port2.postMessage(null);
    });
  }

  const slider = (node) => node instanceof HTMLInputElement && node.type === "range" && node.closest("#target");

  addEventListener("input", (event) => {
    if (!slider(event.target)) return;
    const began = event.timeStamp;
    painted((now) => found.moves.push(now - began));
  }, true);

  addEventListener("pointerup", (event) => {
    if (!slider(event.target)) return;
    found.open = { began: event.timeStamp, percent: event.target.value };
  }, true);

  /** The strip is confirmed and all three figures are drawn for the target that was let go at. */
  function settled() {
    const [strip, figures] = ["#strip .mount", "#figures .mount"].map((name) => document.querySelector(name));
    const { open } = found;
    if (!open || strip?.dataset.confirmed !== open.percent || figures?.dataset.drawn !== open.percent) return;
    found.open = null;
    painted((now) => found.releases.push(now - open.began));
  }

  new MutationObserver(settled).observe(document, {
    subtree: true, attributes: true, attributeFilter: ["data-confirmed", "data-drawn"],
  });
})();
