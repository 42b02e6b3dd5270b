// "Export": every file that leaves the page, each with a word on what it is for; and the recipe that comes back.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { el, say, state } = app;
  const MOST = 512000; // bytes of a recipe file, as in ecoflap/ui/opening.py
  const TYPES = { json: "application/json", yaml: "text/yaml", csv: "text/csv", py: "text/x-python", html: "text/html", sh: "text/x-sh" };
  let opener = null; // opens the dialog, once it is there

  function button(words, run, name = "toggle") {
    const made = el("button", name, words);
    made.type = "button";
    made.addEventListener("click", run);
    return made;
  }

  /** The button in the head of the page. */
  app.exportButton = () => {
    const made = button(say("page.export"), () => opener?.(made), "toggle export");
    made.title = say("page.export.hint");
    return made;
  };

  const store = (what, ending, text) => app.save(app.fileName(what, ending), new Blob([ending === "csv" ? "\ufeff" : "", text], { type: `${TYPES[ending]};charset=utf-8` }));

  /** A part of the dialog: its title, what it is for, and its buttons. */
  const part = (title, words, nodes) => el("section", "", "", [el("h3", "", title), el("p", "", words), ...nodes]);

  /** Code that can be copied and saved. */
  function code(words, name) {
    const [box, label] = [el("pre"), el("p", "", words)];
    box.tabIndex = 0; // it scrolls, so the keyboard has to reach it
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", words);
    box.dataset.code = name;
    const copy = button(say("page.export.copy"), async () => {
      try {
        await navigator.clipboard.writeText(box.textContent);
        copy.textContent = say("page.export.copied");
      } catch { // a page without https has no clipboard: then the words are marked, and the keyboard copies them
        getSelection().selectAllChildren(box);
        copy.textContent = say("page.export.marked");
      }
    });
    const show = (text) => {
      box.textContent = text;
      copy.textContent = say("page.export.copy");
    };
    return { nodes: [label, box], copy, show, text: () => box.textContent };
  }

  /** What was asked in this session, as files. */
  function report() {
    const count = el("p", "count");
    const save = (what, ending, make) => button(say(what), () => store("report", ending, make()));
    const files = [
      save("page.export.html", "html", app.report.page), save("page.export.json", "json", app.report.json), save("page.export.csv", "csv", app.report.csv),
    ];
    const clear = button(say("page.report.clear"), app.report.clear);
    files.forEach((made, i) => (made.dataset.report = ["html", "json", "csv"][i]));
    clear.dataset.report = "clear";
    const draw = () => {
      const { bytes, ...facts } = app.report.size();
      count.textContent = facts.count ? say("page.report.kept", { ...facts, bytes: app.bytes(bytes) }) : say("page.report.none");
      count.dataset.count = facts.count;
      for (const made of [...files, clear]) made.disabled = !facts.count;
    };
    return { node: part(say("page.report.title"), say("page.report.what"), [count, el("div", "buttons", "", [...files, clear])]), draw };
  }

  app.mount.export = ({ element, trigger, props, watch }) => {
    const dialog = el("dialog", "sheet export");
    dialog.setAttribute("aria-label", say("page.export.title"));
    const [problem, note] = [el("p", "problem"), el("p", "note")];
    problem.setAttribute("role", "alert");
    note.setAttribute("role", "status");
    const [python, shell] = [code(say("page.export.python"), "python"), code(say("page.export.shell"), "shell")];
    const asked = report();
    let head = null; // the button that opened the dialog
    const wishes = app.inTurn(
      ({ what, values }, ticket) => trigger("take", { what, values, ticket }),
      () => tell(problem.textContent || say("page.export.lost"), ""),
    );

    function tell(wrong, doing) {
      problem.textContent = wrong;
      problem.hidden = !wrong;
      note.textContent = doing;
      dialog.dataset.state = wrong ? "error" : doing ? "busy" : "ready";
    }

    /** Ask Python for a file about what is shown now. */
    function take(what, name) {
      if (!state.table) return tell(say("page.export.none"), "");
      tell("", say("page.export.busy"));
      wishes.want({ what, name, values: app.snapshot() });
    }

    watch("value", () => {
      const value = props.value, wish = value && wishes.of(value.ticket);
      if (!wish) return;
      tell(value.error ?? "", "");
      wishes.answered(value.ticket, Boolean(value.error));
      if (value.error) return;
      if (value.what !== "code") return store(wish.name, value.ending, value.text);
      python.show(value.text);
      shell.show(value.command);
    });

    const file = (key, what, name) => {
      const made = button(say(key), () => take(what, name));
      made.dataset.take = what;
      return made;
    };
    const close = button(say("page.export.close"), () => dialog.close());
    const recipe = [file("page.export.json", "json", "recipe"), file("page.export.yaml", "yaml", "sparsity"), file("page.export.csv", "csv", "layers")];
    const savePython = button(say("page.export.save_python"), () => store("rebuild", "py", python.text()));
    dialog.append(
      el("div", "line", "", [el("h2", "", say("page.export.title")), close]), problem, note,
      part(say("page.export.recipe"), say("page.export.recipe.what"), [el("div", "buttons", "", recipe)]),
      part(say("page.export.page"), say("page.export.page.what"), [el("div", "buttons", "", [file("page.export.html", "page", "map")])]),
      part(say("page.export.code"), say("page.export.code.what"), [...python.nodes, el("div", "buttons", "", [python.copy, savePython]), ...shell.nodes, el("div", "buttons", "", [shell.copy])]),
      part(say("page.export.figures"), say("page.export.figures.what"), []),
      asked.node,
    );
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("close", () => head?.focus());
    app.reported = () => dialog.open && asked.draw();
    opener = (from) => {
      head = from;
      tell("", "");
      asked.draw();
      dialog.showModal();
      take("code", "rebuild");
    };
    element.querySelector(".mount").replaceChildren(dialog);
  };

  app.mount.recipefile = ({ element, trigger, props, watch }) => {
    const [input, words] = [el("input"), el("p", "note")];
    Object.assign(input, { type: "file", accept: ".json,application/json", hidden: true });
    words.setAttribute("role", "status");
    words.hidden = true;
    const open = button(say("page.open"), () => input.click());
    open.title = say("page.open.hint");
    let name = "";

    function tell(text, wrong) {
      words.textContent = text;
      words.className = wrong ? "problem" : "note";
      words.hidden = !text;
      words.dataset.state = wrong ? "error" : "done";
    }

    const wishes = app.inTurn((wish, ticket) => trigger("open_recipe", { ...wish, ticket }), () => words.dataset.state === "error" || tell(say("page.open.lost"), true));

    async function read(file) {
      name = file.name.slice(0, 80);
      if (file.size > MOST) return tell(say("page.open.large", { name, most: MOST / 1000 }), true);
      try {
        wishes.want({ text: await file.text(), name });
      } catch { // the file has gone, or is a folder
        tell(say("page.open.unreadable", { name }), true);
      }
    }

    input.addEventListener("change", () => {
      if (input.files[0]) read(input.files[0]);
      input.value = ""; // the same file can be chosen again
    });
    watch("value", () => {
      const value = props.value;
      if (!value || !wishes.of(value.ticket)) return;
      if (value.error) tell(value.error, true);
      wishes.answered(value.ticket, Boolean(value.error));
      if (value.error) return;
      tell(say("page.open.done", { name }), false);
      app.restore(value.values, () => tell(state.problem || say("page.open.lost"), true));
    });
    const rail = document.getElementById("rail");
    rail.addEventListener("dragover", (event) => event.dataTransfer?.types.includes("Files") && event.preventDefault());
    rail.addEventListener("drop", (event) => {
      const file = event.dataTransfer?.files[0];
      if (!file || event.target.closest("#score-file")) return;
      event.preventDefault();
      read(file);
    });
    element.querySelector(".mount").replaceChildren(open, input, words);
  };
})();
