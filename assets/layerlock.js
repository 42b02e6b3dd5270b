// Deciding by hand: lock, spare, set or free the selected matrix, its block or its modality, and what sparing it costs.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { state } = app;
  const SCOPES = { layer: "page.layer.scope.layer", block: "page.layer.scope.block", modality: "page.layer.scope.modality" };
  const HOLDS = { layer: "page.layer.hold.layer", block: "page.layer.hold.block", modality: "page.layer.hold.modality" };
  const SPARES = { layer: "page.layer.cost.layer", block: "page.layer.cost.block", modality: "page.layer.cost.modality" };

  /** What can be locked around a layer, and by which name. */
  function names(layer) {
    const info = state.grid.layers[layer];
    return { layer: info.name, block: info.block, modality: state.grid.bands[info.band].modality };
  }

  /** The prunable layers that a name means, with their sizes. */
  function members(name) {
    const size = ({ rows, cols }) => rows * cols;
    return app.layersOf(name).flatMap((i) => (state.table.prunable[i] ? [[i, size(state.grid.layers[i])]] : []));
  }

  /** Their sparsity now, to a tenth of a per cent: what a lock writes down. */
  function shareOf(found) {
    const zeros = found.reduce((sum, [i, size]) => sum + app.sparsity(i) * size, 0);
    return Math.round((1000 * zeros) / Math.max(1, found.reduce((sum, [, size]) => sum + size, 0))) / 1000;
  }

  /** Why nothing can be decided here; empty where it can. */
  function reason() {
    if (state.table.pattern !== "unstructured") return app.say("page.layer.no_lock.pattern", { pattern: state.table.pattern });
    return state.table.prunable[state.selected] ? "" : app.say("page.layer.no_lock.whole");
  }

  /** What holds the layer now, in words. */
  function holding() {
    const name = app.locked(state.selected);
    if (name === null) return app.say("page.layer.hold.none");
    const scope = Object.entries(names(state.selected)).find(([, known]) => known === name)[0];
    return app.say(HOLDS[scope], { value: app.share(state.table.knobs.overrides[name]) });
  }

  function costWords(cost, scope) {
    if (cost.error) return app.say("page.layer.cost.failed", { reason: cost.error });
    if (!cost.weights) return app.say("page.layer.cost.whole");
    const facts = { weights: app.number(cost.weights), before: app.share(cost.rest_now ?? 0), after: app.share(cost.rest_after ?? 0) };
    const losses = { before: cost.loss_now?.toFixed(3), after: cost.loss_after?.toFixed(3) };
    return app.say(SPARES[scope], { ...facts, loss: cost.loss_now === null ? "" : app.say("page.layer.cost.loss", losses) });
  }

  function button(className, act) {
    const node = app.el("button", `toggle ${className}`);
    node.type = "button";
    // Never `disabled`: whoever stands on a button keeps the focus when it has nothing more to do.
    node.addEventListener("click", () => node.getAttribute("aria-disabled") !== "true" && act());
    return node;
  }

  /** The controls: `draw` with every move, `price` when costs arrive ({layer, block, modality} or null). */
  app.layerLock = () => {
    let scope = "layer", found = [], place = "", costs = null, typed = false;
    const own = () => names(state.selected)[scope];
    const held = () => (own() in state.table.knobs.overrides ? own() : app.locked(state.selected));
    const choices = Object.entries(SCOPES).map(([name, text]) => {
      const node = button("scope", () => {
        scope = name;
        app.tell();
      });
      node.textContent = app.say(text);
      node.dataset.scope = name;
      return node;
    });
    const lock = button("lock", () => app.lock({ [own()]: shareOf(found) }));
    const spare = button("spare", () => app.spare(own()));
    const free = button("free", () => app.lock({ [held()]: null }));
    const set = button("set", write);
    const input = app.el("input");
    Object.assign(input, { type: "number", min: 0, max: 100, step: 0.1 });
    input.setAttribute("aria-label", app.say("page.layer.set_label"));
    input.addEventListener("input", () => (typed = true));
    input.addEventListener("keydown", (event) => event.key === "Enter" && set.click());
    spare.textContent = app.say("page.layer.spare");
    free.textContent = app.say("page.layer.free");
    set.textContent = app.say("page.layer.set");
    const [hold, price] = [app.el("p", "hold"), app.el("p", "cost")];
    hold.setAttribute("role", "status");
    const group = app.el("div", "scopes", "", choices);
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", app.say("page.layer.scope"));
    const line = app.el("div", "acts", "", [app.el("span", "number", "", [input, app.el("span", "", "%")]), set, free]);
    const box = app.el("section", "deciding", "", [
      app.el("h3", "", app.say("page.layer.decide")), group, app.el("div", "acts", "", [lock, spare]), line, app.el("div", "outcome", "", [hold, price]),
    ]);

    function write() {
      const value = input.value === "" ? NaN : Number(input.value);
      if (value >= 0 && value <= 100) app.lock({ [own()]: Math.round(value * 10) / 1000 });
      else hold.textContent = app.say("page.layer.set_wrong", { value: input.value || "—" });
    }

    function words() {
      const cost = costs && costs[scope];
      price.textContent = cost ? costWords(cost, scope) : "";
      price.dataset.scope = scope;
      price.toggleAttribute("data-failed", Boolean(cost?.error));
    }

    function draw() {
      const now = `${state.selected} ${scope} ${state.table.key}`;
      if (now !== place) {
        place = now;
        found = members(own());
        const why = reason(), on = why ? "true" : "false";
        for (const node of choices) node.setAttribute("aria-pressed", String(node.dataset.scope === scope));
        for (const node of [lock, spare, set]) node.setAttribute("aria-disabled", on);
        free.setAttribute("aria-disabled", String(Boolean(why) || held() === null));
        input.disabled = Boolean(why);
        hold.textContent = why || holding();
        hold.dataset.held = (!why && app.locked(state.selected)) || "";
        typed = false;
        words();
      }
      const share = shareOf(found), at = app.say("page.layer.lock", { value: app.share(share) });
      if (lock.textContent !== at) lock.textContent = at;
      const number = (100 * share).toFixed(1);
      if (!typed && input.value !== number) input.value = number;
    }
    return { box, draw, price: (value) => ((costs = value), words()) };
  };
})();
