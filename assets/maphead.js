// Above the map: what the colours mean, map or table, the list of keys, and the legend.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { state } = app;
  const VIEWS = {
    sparsity: "page.view.sparsity", score: "page.view.score", difference: "page.view.difference", blame: "page.view.blame",
  };
  const TWINS = { map: "page.twin.map", table: "page.twin.table" };

  /** Buttons of which one is pressed: {name: key of its word}; `choose` is called with the name. */
  app.segments = (label, words, choose) => {
    const group = app.el("div", "segments");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", label);
    const buttons = Object.entries(words).map(([name, key]) => {
      const button = app.el("button", "", app.say(key));
      button.type = "button";
      button.dataset.name = name;
      button.addEventListener("click", () => choose(name));
      return button;
    });
    group.append(...buttons);
    const press = (name) => buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.name === name)));
    return { group, buttons, press };
  };

  /** A mark of the legend as it looks on the map. */
  function sample(kind, view) {
    const box = app.el("i", kind);
    if (kind === "locked") box.style.backgroundImage = `url(${app.draw.lockSample().toDataURL()})`;
    if (kind === "same") box.style.background = view.ramp()[128].fill;
    return box;
  }

  function legend(view) {
    const bar = app.el("span", "ramp");
    bar.style.background = `linear-gradient(to right, ${view.ramp().map((shade) => shade.fill).join(", ")})`;
    const [low, high] = view.ends();
    const ramp = app.el("span", "key", "", [app.el("span", "", low), bar, app.el("span", "", high)]);
    const marks = Object.entries(view.marks).map(([kind, key]) => {
      const words = app.el("span", "", app.say(key));
      return app.el("span", "key", "", kind === "words" ? [words] : [sample(kind, view), words]);
    });
    return [ramp, ...marks];
  }

  /** The head of the map inside `root`: its nodes, the caption below the map, and `refresh` for every change. */
  app.mapHead = (help) => {
    const views = app.segments(app.say("page.view.label"), VIEWS, app.show);
    const twins = app.segments(app.say("page.twin.label"), TWINS, app.twin);
    views.group.dataset.role = "views";
    twins.group.dataset.role = "twins";
    const keys = app.el("button", "round", "?");
    keys.type = "button";
    keys.title = app.say("page.keys.title");
    keys.setAttribute("aria-label", app.say("page.keys.title"));
    keys.addEventListener("click", help);
    const list = app.el("div", "legend");
    const caption = app.el("p", "caption");
    const title = app.el("h2", "", app.say("page.map.title"));
    const top = app.el("div", "top", "", [title, views.group, app.el("div", "tools", "", [app.saveMenu("map", app.say("page.map.title"), (ink) => app.mapDrawing(app.viewed())(ink)), twins.group, keys])]);
    let drawn = "", offered = "";

    /** What can be chosen, and what is. */
    function offer(name) {
      const needs = views.buttons.map((button) => app.views[button.dataset.name].why());
      const now = [name, state.twin, ...needs].join("|");
      if (now === offered) return;
      offered = now;
      views.buttons.forEach((button, i) => {
        button.disabled = needs[i] !== "";
        button.title = needs[i];
      });
      views.press(name);
      views.group.hidden = list.hidden = state.twin !== "map"; // a table has no colours
      twins.press(state.twin);
    }

    function refresh() {
      const name = app.viewed(), view = app.views[name];
      offer(name);
      const words = state.twin === "map" ? view.caption() : app.say("page.table.help");
      if (caption.textContent !== words) caption.textContent = words;
      // The legend holds a picture of 256 colours: made again only when it has something else to say.
      const now = [name, ...view.ends(), view.ramp()[128].fill, app.draw.look()].join("|");
      if (now === drawn) return;
      drawn = now;
      list.replaceChildren(...legend(view));
    }
    return { nodes: [top, list], legend: list, caption, refresh };
  };

  /** Show the layers as a map or as a table. */
  app.twin = (name) => {
    state.twin = name;
    app.tell();
  };
})();
