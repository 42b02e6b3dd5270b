// Changing the model: a dialog with what is at hand, a line for any other, and how far opening is.
(() => {
  "use strict";
  const app = window.ecoflap;

  const size = (entry) => (entry.bytes ? app.bytes(entry.bytes) : "");

  app.mount.models = ({ element, trigger, props, watch }) => {
    const dialog = app.el("dialog", "models");
    dialog.setAttribute("aria-label", app.say("page.models.title"));
    const list = app.el("div", "list");
    list.setAttribute("role", "radiogroup");
    list.setAttribute("aria-label", app.say("page.models.listed"));
    const field = (key) => {
      const input = document.createElement("input");
      input.type = "text";
      input.name = key;
      input.maxLength = 500;
      input.spellcheck = false;
      const [name, info] = [app.say(`page.models.${key}`), app.say(`page.models.${key}.info`)];
      return { input, label: app.el("label", "field", "", [app.el("span", "", name), input, app.el("small", "", info)]) };
    };
    const other = field("other"), samples = field("samples");
    const note = app.el("p", "note");
    note.setAttribute("role", "status");
    const error = app.el("p", "problem");
    error.setAttribute("role", "alert");
    const start = app.el("button", "primary", app.say("page.models.open"));
    const halt = app.el("button", "toggle", app.say("page.models.cancel"));
    const close = app.el("button", "toggle", app.say("page.models.close"));
    const head = app.el("div", "line", "", [app.el("h2", "", app.say("page.models.title")), close]);
    const foot = app.el("div", "line foot", "", [start, halt, note]);
    const about = app.el("p", "", app.say("page.models.lead"));
    const found = app.el("p", "found");
    dialog.append(head, about, list, found, other.label, samples.label, error, foot);
    element.querySelector(".mount").replaceChildren(dialog);

    let chosen = null, shown = null, asked = false;

    function choices() {
      const { listed, spec } = props.value;
      if (spec !== shown) chosen = shown = spec; // somebody else may have changed it
      list.replaceChildren(...listed.map((entry) => {
        const input = document.createElement("input");
        input.type = "radio";
        input.name = "model";
        input.value = entry.spec;
        input.checked = entry.spec === chosen;
        input.addEventListener("change", () => {
          chosen = entry.spec;
          other.input.value = samples.input.value = ""; // samples of one model are seldom those of another
        });
        input.disabled = Boolean(entry.why);
        const now = entry.spec === spec ? app.say("page.models.now") : "";
        const name = app.el("span", "name", entry.spec, entry.why ? [app.el("small", "", entry.why)] : []);
        return app.el("label", "choice", "", [input, name, app.el("span", "now", now), app.el("span", "size", size(entry))]);
      }));
    }

    function draw() {
      const { opening, words, error: problem, free, spec } = props.value;
      choices();
      other.label.hidden = !free;
      found.textContent = app.state.found;
      note.textContent = opening ? words : "";
      error.textContent = problem ?? "";
      error.hidden = !problem;
      start.disabled = Boolean(opening);
      halt.hidden = !opening;
      if (asked && !opening) { // it has ended: with an error the dialog stays to say it
        asked = false;
        other.input.value = problem ? other.input.value : "";
        if (!problem) dialog.close();
      }
    }

    start.addEventListener("click", () => {
      asked = true;
      const spec = other.input.value.trim() || chosen;
      trigger("replace", { spec, calibration: samples.input.value.trim() });
    });
    halt.addEventListener("click", () => trigger("halt", {}));
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    app.openModels = () => {
      draw();
      dialog.showModal();
    };
    watch("value", draw);
    draw();
  };
})();
