// The headline above the slider, the sentence below it, and the state of the model at the top.
(() => {
  "use strict";
  const app = window.ecoflap;
  const PROJECTOR = 1800; // px of a window's width from which on everything starts larger
  const ROOM = window.matchMedia("(min-width: 1500px)"); // below, the larger page would not fit
  const body = (element) => element.querySelector(".mount");

  /** How many locks there are; pressed, it shows their list, on a phone with the settings that it is among. */
  function locks(element, toggle) {
    const button = app.el("button");
    button.title = app.say("page.locks.count_hint");
    button.addEventListener("click", () => {
      if (toggle.getAttribute("aria-expanded") === "false" && toggle.offsetParent) toggle.click();
      document.querySelector("#history .locks").scrollIntoView({ block: "center" });
    });
    app.on(element, ({ knobs }) => {
      const count = Object.keys(knobs?.overrides ?? {}).length;
      app.put(button, app.say("page.locks.count", { count }));
      if (button.dataset.locks !== String(count)) button.dataset.locks = count;
    });
    return button;
  }

  /** The switch to larger words and figures; on where the window is as wide as a projector's. */
  function larger() {
    const button = app.el("button", "toggle larger", app.say("page.larger"));
    let on = window.innerWidth >= PROJECTOR;
    const set = (wanted) => {
      on = wanted;
      button.hidden = !ROOM.matches;
      button.setAttribute("aria-pressed", String(on));
      document.documentElement.classList.toggle("large", on && ROOM.matches);
    };
    button.addEventListener("click", () => set(!on));
    ROOM.addEventListener("change", () => set(on));
    set(on);
    return button;
  }

  /** The switch to the other language, called by that language's own name; what the page shows goes along. */
  function language() {
    const button = app.el("button", "toggle language", app.say("page.language.other"));
    button.lang = window.ecoflapLanguage.here === "zh" ? "en-GB" : "zh-CN";
    button.title = app.say("page.language.hint");
    button.addEventListener("click", () => window.ecoflapLanguage.change(app.link?.() ?? location.href));
    return button;
  }

  app.mount.headline = ({ element }) => {
    const value = app.el("output", "big");
    value.setAttribute("for", "target");
    const toggle = app.el("button", "toggle", app.say("page.rail.settings"));
    toggle.setAttribute("aria-expanded", "false");
    toggle.addEventListener("click", () => {
      const open = document.getElementById("rail").classList.toggle("open");
      toggle.setAttribute("aria-expanded", String(open));
    });
    const line = app.el("div", "line", "", [value, app.el("span", "unit", app.say("page.rail.unit")), toggle]);
    const steps = app.el("div", "steps", "", [...app.stepButtons(), locks(element, toggle)]);
    body(element).replaceChildren(app.el("div", "head", "", [app.el("h2", "", app.say("page.rail.target")), steps]), line);
    app.on(element, (state) => (value.textContent = `${state.percent}%`));
  };

  /** Below the slider, so that a sentence that appears never moves the slider under the hand. */
  app.mount.problem = ({ element }) => {
    const problem = app.el("p", "problem");
    problem.setAttribute("role", "alert");
    body(element).replaceChildren(problem);
    app.on(element, (state) => {
      problem.textContent = state.problem;
      problem.hidden = !state.problem || !state.table; // without a table the strip says it
    });
  };

  app.mount.status = ({ element, props, watch }) => {
    // The button stays the same one: whoever stands on it must not lose it when the words beside it change.
    const [name, chip] = [app.el("span", "model"), app.el("span")];
    chip.setAttribute("role", "status");
    const change = app.el("button", "toggle change", app.say("page.models.change"));
    change.addEventListener("click", () => app.openModels());
    const light = app.el("button", "toggle light", "◐");
    light.title = app.say("page.theme");
    light.setAttribute("aria-label", light.title);
    light.addEventListener("click", () => document.body.classList.toggle("dark"));
    window.ecoflapLanguage.mark();
    body(element).replaceChildren(app.el("h1", "", app.say("page.title")), name, change, chip, app.tourButton(), ...app.linkButtons(), app.exportButton(), larger(), light, language());
    const draw = () => {
      const { state, words, dense, found, model } = props.value;
      app.state.status = state;
      app.state.found = found ?? "";
      app.state.dense = dense ?? []; // what is never pruned, known as soon as the model is there
      app.tell();
      name.textContent = name.title = app.state.name = model;
      change.hidden = state === "scores"; // nothing is opened on a page of scores alone
      chip.className = `chip ${state}`;
      chip.textContent = chip.title = words;
    };
    watch("value", draw);
    draw();
  };
})();
