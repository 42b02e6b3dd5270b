// Copying the link, the dialog that makes a teacher's one, and what a link that was opened has to say.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { el, say, state } = app;

  function button(className, words, run) {
    const made = el("button", className, words);
    made.type = "button";
    made.addEventListener("click", run);
    return made;
  }

  /** Copy a field's text; without the browser's leave, as on an address without https, by way of its selection. */
  async function copied(field) {
    try {
      await navigator.clipboard.writeText(field.value);
      return true;
    } catch {
      field.select();
      return document.execCommand("copy");
    }
  }

  /** The link in a field, and what has to be known of it. */
  function linkField() {
    const field = el("textarea");
    field.readOnly = true;
    field.rows = 3;
    field.spellcheck = false;
    field.setAttribute("aria-label", say("page.link.field"));
    field.addEventListener("focus", () => field.select());
    const note = el("p", "caution"), done = el("p", "done");
    done.setAttribute("role", "status");
    function show(link) {
      field.value = link;
      const own = state.scene === null ? [say("page.link.own")] : [];
      const long = app.linkLong(link) ? [say("page.link.long", { count: app.number(link.length) })] : [];
      note.textContent = [...own, ...long].join(" ");
      note.hidden = !note.textContent;
      done.textContent = "";
    }
    const copy = async () => (done.textContent = say((await copied(field)) ? "page.link.copied" : "page.link.by_hand"));
    return { nodes: [done, field, note], field, show, copy };
  }

  /** One part that can be hidden, to tick. */
  function tick(name, key) {
    const input = el("input");
    Object.assign(input, { type: "checkbox", name, checked: app.hidden().includes(name) });
    return el("label", "tick", "", [input, el("span", "", say(key))]);
  }

  function group(key, parts) {
    const there = Object.entries(parts).filter(([, [, place]]) => document.querySelector(place));
    const ticks = there.map(([name, [word]]) => tick(name, word));
    return el("fieldset", "", "", [el("legend", "", say(key)), el("div", "ticks", "", ticks)]);
  }

  /** The dialog of the teacher's link: what students shall not see, and the link that hides it. */
  function classDialog() {
    const dialog = el("dialog", "classlink"), link = linkField(), choice = el("div", "choice");
    const title = el("h2", "", say("page.link.class"));
    title.id = "classlink-title";
    dialog.setAttribute("aria-labelledby", title.id);
    const close = button("toggle", say("page.link.close"), () => dialog.close());
    const chosen = () => [...choice.querySelectorAll("input:checked")].map(({ name }) => name);
    const show = () => link.show(app.link(chosen()));
    choice.addEventListener("change", show);
    const copy = button("primary", say("page.link.copy"), link.copy);
    dialog.append(
      el("div", "line", "", [title, close]), el("p", "", say("page.link.class.lead")), choice,
      ...link.nodes.slice(1), el("div", "line foot", "", [copy, link.nodes[0]]),
    );
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    function open() {
      const { SETTINGS, SECTIONS } = app.hideable;
      choice.replaceChildren(group("page.link.class.settings", SETTINGS), group("page.link.class.sections", SECTIONS));
      show();
      dialog.showModal();
    }
    return { dialog, open };
  }

  /** For the head of the page: the button that copies, what it says below itself, and the teacher's dialog. */
  app.linkButtons = () => {
    const link = linkField(), { dialog, open } = classDialog();
    const more = button("toggle", say("page.link.class.open"), () => {
      hide();
      open();
    });
    const bubble = el("div", "bubble", "", [...link.nodes, more]);
    const copy = button("toggle link", say("page.link.copy"), () => {
      link.show(app.link());
      show(true);
      link.copy();
    });
    function show(on) {
      bubble.hidden = !on;
      copy.setAttribute("aria-expanded", String(on));
    }
    const hide = () => show(false);
    const outside = ({ target }) => !bubble.contains(target) && !copy.contains(target);
    document.addEventListener("pointerdown", (event) => !bubble.hidden && outside(event) && hide());
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || bubble.hidden) return;
      event.preventDefault(); // the tour would end by it too
      hide();
      copy.focus();
    }, true);
    dialog.addEventListener("close", () => copy.focus());
    hide();
    return [copy, bubble, dialog];
  };

  /** Lines below the head, each of which can be sent away: what a link says that cannot be, or waits for. */
  app.linkNotes = (element) => {
    const list = element.querySelector(".mount");
    list.setAttribute("role", "status");

    /** Say something; `again` adds the way back to the link, which the page's own address will have left by then. */
    function add(words, kind, buttons = [], again = "") {
      const note = el("div", `linknote ${kind}`, "", [el("span", "words", words)]);
      for (const [label, run] of buttons) note.append(button("toggle", label, run));
      const gone = button("gone", "×", () => note.remove());
      gone.setAttribute("aria-label", say("page.link.dismiss"));
      if (again) note.append(el("a", "", say("page.link.again")));
      for (const link of note.querySelectorAll("a")) link.href = again;
      note.append(gone);
      list.append(note);
      return note;
    }
    return { add };
  };
})();
