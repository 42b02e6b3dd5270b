// The list of locks in the rail: what a hand has fixed, how to free it, and the three modalities at one click each.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { state } = app;

  const off = () => state.knobs.pattern !== "unstructured";

  /** A modality's mean sparsity as it is shown, to a tenth of a per cent. */
  const mean = ({ kept, size }) => Math.round((1 - kept[state.row] / size) * 1000) / 1000;

  function modalityButton(part) {
    const { title } = state.grid.bands.find((band) => band.modality === part.name);
    const held = part.name in state.knobs.overrides;
    const button = app.el("button", "toggle", app.say(held ? "page.locks.free" : "page.locks.lock", { name: title.toLowerCase() }));
    button.dataset.lock = part.name;
    button.dataset.held = String(held);
    button.setAttribute("aria-disabled", String(off()));
    button.title = app.say(held ? "page.locks.free_hint" : "page.locks.lock_hint", { name: title });
    button.addEventListener("click", () => off() || app.lock({ [part.name]: held ? null : mean(part) }));
    return button;
  }

  function row(name, value) {
    const words = app.lockWords(name);
    const what = app.el("button", "what", words);
    what.addEventListener("click", () => app.select(app.layersOf(name)[0]));
    what.title = app.say("page.locks.show");
    const remove = app.el("button", "remove", "×");
    remove.setAttribute("aria-label", app.say("page.locks.free", { name: words }));
    remove.title = app.say("page.locks.free", { name: words });
    remove.addEventListener("click", () => app.lock({ [name]: null }));
    const line = app.el("li", "", "", [what, app.el("span", "number", app.share(value)), remove]);
    line.dataset.name = name;
    return line;
  }

  /** Draw the locks into `element`; who had the focus on one of them keeps it on the next. */
  app.drawLocks = (element) => {
    if (!state.table || !state.knobs) return element.replaceChildren();
    const names = Object.entries(state.knobs.overrides);
    const place = [...element.querySelectorAll("button")].indexOf(document.activeElement);
    const parts = [app.el("h2", "", app.say("page.locks.title"))];
    const buttons = state.table.modalities.filter((part) => part.prunable).map(modalityButton);
    parts.push(app.el("div", "modalities", "", buttons));
    if (names.length) parts.push(app.el("ul", "", "", names.map(([name, value]) => row(name, value))));
    if (names.length > 1) {
      const all = app.el("button", "toggle all", app.say("page.locks.free_all"));
      all.addEventListener("click", () => app.lock(Object.fromEntries(names.map(([name]) => [name, null]))));
      parts.push(all);
    }
    const note = off() && names.length ? app.say("page.locks.unused", { pattern: state.knobs.pattern }) : app.say("page.locks.note");
    parts.push(app.el("p", "", note));
    element.replaceChildren(...parts);
    element.dataset.count = names.length;
    element.classList.toggle("unused", off());
    const again = [...element.querySelectorAll("button")];
    if (place >= 0) again[Math.min(place, again.length - 1)]?.focus();
  };
})();
