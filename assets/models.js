// Changing the model: a dialog with what is at hand, a line for any other, and how far opening is.
(() => {
  "use strict";
  const app = window.ecoflap;

  const size = (entry) => (entry.bytes ? app.bytes(entry.bytes) : "");

  function button(kind, key) {
    const made = app.el("button", kind, app.say(key));
    made.type = "button";
    return made;
  }

  function field(key) {
    const input = document.createElement("input");
    input.type = "text";
    input.name = key;
    input.maxLength = 500;
    input.spellcheck = false;
    input.autocomplete = "off";
    const [name, info] = [app.say(`page.models.${key}`), app.say(`page.models.${key}.info`)];
    return { input, label: app.el("label", "field", "", [app.el("span", "", name), input, app.el("small", "", info)]) };
  }

  /** One model of the list: what people call it, whether it is the one shown, and its size. */
  function choice(entry, now, checked, choose) {
    const input = document.createElement("input");
    Object.assign(input, { type: "radio", name: "model", value: entry.spec, checked, disabled: Boolean(entry.why) });
    input.addEventListener("change", choose);
    const name = app.el("span", "name", entry.name, entry.why ? [app.el("small", "", entry.why)] : []);
    const shown = app.el("span", "now", now ? app.say("page.models.now") : "");
    return app.el("label", "choice", "", [input, name, shown, app.el("span", "size", size(entry))]);
  }

  function parts() {
    const made = { dialog: app.el("dialog", "sheet models"), list: app.el("div", "list"), other: field("other"), samples: field("samples") };
    made.dialog.setAttribute("aria-label", app.say("page.models.title"));
    made.list.setAttribute("role", "radiogroup");
    made.list.setAttribute("aria-label", app.say("page.models.listed"));
    made.note = app.el("p", "note");
    made.note.setAttribute("role", "status");
    made.error = app.el("p", "problem");
    made.error.setAttribute("role", "alert");
    made.start = button("primary", "page.models.open");
    made.start.type = "submit";
    made.halt = button("toggle", "page.models.cancel");
    made.close = button("toggle", "page.models.close");
    made.found = app.el("p", "found");
    const head = app.el("div", "line", "", [app.el("h2", "", app.say("page.models.title")), made.close]);
    const foot = app.el("div", "line foot", "", [made.start, made.halt, made.note]);
    const about = app.el("p", "", app.say("page.models.lead"));
    made.form = app.el("form", "", "", [
      head, about, made.list, made.found, made.other.label, made.samples.label, made.error, foot,
    ]);
    made.dialog.append(made.form);
    return made;
  }

  app.mount.models = ({ element, trigger, props, watch }) => {
    const { dialog, form, list, other, samples, found, note, error, start, halt, close } = parts();
    element.querySelector(".mount").replaceChildren(dialog);

    // What was asked for: `asked` counts, `mine` until it has ended, `heard` when Python has answered that it begins.
    let asked = 0, mine = false, heard = false, stopping = false, failed = "";
    let chosen = null, shown = null, drawn = "";

    function empty() {
      other.input.value = samples.input.value = "";
    }

    function choices() {
      const { listed, spec } = props.value;
      if (spec !== shown) chosen = shown = spec; // somebody else may have changed it
      const now = JSON.stringify([listed, spec]);
      if (now === drawn) return; // whoever walks through the list stays where he is
      drawn = now;
      const held = list.contains(document.activeElement);
      list.replaceChildren(...listed.map((entry) =>
        choice(entry, entry.spec === spec, entry.spec === chosen, () => {
          chosen = entry.spec;
          empty(); // samples of one model are seldom those of another
        })));
      if (held) focus();
    }

    function focus() {
      (list.querySelector("input:checked") ?? close).focus();
    }

    /** What has become of the opening that this page asked for; those of others end without a word here. */
    function follow() {
      const { opening, error: problem, asked: answered } = props.value;
      const answer = mine && !heard && answered === asked;
      heard ||= answer;
      if (!mine || !heard || (opening && !(answer && problem))) return;
      mine = false;
      failed = problem ?? "";
      if (failed) return;
      empty();
      dialog.close();
    }

    function draw() {
      const { opening, words, free } = props.value;
      app.state.models = props.value;
      follow();
      choices();
      stopping &&= Boolean(opening);
      other.label.hidden = samples.label.hidden = !free;
      found.textContent = app.state.found && app.say("page.models.found", { found: app.state.found });
      note.textContent = !opening ? "" : stopping ? app.say("page.models.cancelling") : words;
      error.textContent = failed;
      error.hidden = !failed;
      start.disabled = mine || Boolean(opening);
      halt.hidden = !opening;
      halt.disabled = stopping;
    }

    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (start.disabled) return;
      [mine, heard, failed] = [true, false, ""];
      asked += 1;
      const { free } = props.value;
      const spec = (free && other.input.value.trim()) || chosen;
      trigger("replace", { spec, calibration: free ? samples.input.value.trim() : "", asked });
      draw();
    });
    halt.addEventListener("click", () => {
      stopping = true;
      trigger("halt", {});
      draw();
    });
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("close", () => {
      failed = ""; // it has been read
      document.querySelector("#status .change").focus();
    });
    /** Open the dialog, on the present model or on another one of the list. */
    app.openModels = (spec = null) => {
      if (!props.value.opening) mine = false;
      if (spec !== null) [chosen, drawn] = [spec, ""];
      draw();
      dialog.showModal();
      focus();
    };
    watch("value", draw);
    draw();
  };
})();
