// The hand: every move of the target is drawn at once; a settled gesture is committed to Python exactly once.
(() => {
  "use strict";
  const app = window.ecoflap;
  const PAUSE = 200; // ms without a move that end a gesture of the keyboard; a held pointer ends it by letting go
  let held = false, timer = 0, sent = null;
  const settling = app.inTurn((wish, ticket) => app.send("settle", { ...wish, ticket }), () => (sent = null));

  const isTarget = (node) => node instanceof HTMLInputElement && node.type === "range" && node.closest("#target");

  /** An answer may have set the slider to an older target than the hand's. */
  function follow() {
    const slider = document.querySelector("#target input[type=range]");
    if (!slider || Number(slider.value) === app.state.percent) return;
    slider.value = app.state.percent;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function commit() {
    clearTimeout(timer);
    timer = 0;
    const { table, percent } = app.state;
    if (!table || !app.send) return;
    if (!app.waiting()) follow();
    const now = `${table.key} ${percent}`;
    if (now === sent) return;
    sent = now;
    app.remember();
    settling.want({ percent, key: table.key });
  }

  app.settled = ({ ticket }) => settling.answered(ticket);
  app.held = () => held;

  function later() {
    clearTimeout(timer);
    if (!held && !app.state.playing) timer = setTimeout(commit, PAUSE);
  }

  /** A new table has come: the figures have to follow it. The very first one came with its figures. */
  app.arrived = later;

  // Capture phase on the document: the slider may be mounted after this script, and Svelte may stop propagation.
  document.addEventListener("input", (event) => {
    if (!isTarget(event.target)) return;
    app.move(Math.min(95, Math.max(0, Math.round(Number(event.target.value)))));
    later();
  }, true);
  document.addEventListener("pointerdown", (event) => (held = Boolean(isTarget(event.target))), true);
  for (const end of ["pointerup", "pointercancel"]) {
    document.addEventListener(end, () => {
      if (!held) return;
      held = false;
      commit();
    }, true);
  }
})();
