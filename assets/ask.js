// The Ask section up to the question: what the model takes, the picture in front of it, suggestions.
(() => {
  "use strict";
  const app = window.ecoflap;
  const body = (element) => element.querySelector(".mount");

  /** What the model takes decides what the section shows; another kind of model may come while the page is open. */
  app.mount.about = ({ element, props, watch }) => {
    const lead = app.el("p");
    body(element).replaceChildren(app.el("h2", "", app.say("page.ask.title")), lead);
    const draw = () => {
      app.state.about = props.value;
      lead.textContent = app.say(`page.ask.lead.${props.value.kind}`);
      const section = document.getElementById("ask-section");
      for (const name of [...section.classList]) if (name.startsWith("kind-")) section.classList.remove(name);
      section.classList.add(`kind-${props.value.kind}`);
      app.tell();
    };
    watch("value", draw);
    draw();
  };

  /** A classifier's labels, in the place of the question. */
  app.mount.labels = ({ element }) => {
    let shown = null;
    app.on(element, ({ about }) => {
      if (!about?.labels.length || about === shown) return;
      shown = about;
      const count = about.labels.length + about.more;
      const list = app.el("div", "list", "", about.labels.map((label) => app.el("span", "label", label)));
      if (about.more) list.append(app.el("span", "lead", app.say("page.ask.more", { count: app.number(about.more) })));
      list.tabIndex = 0; // it scrolls, so the keyboard has to reach it
      list.setAttribute("role", "group");
      const title = app.say("page.ask.labels", { count: app.number(count) });
      list.setAttribute("aria-label", title);
      body(element).replaceChildren(app.el("h3", "", title), list);
    });
  };

  app.mount.picker = ({ element, props, watch, trigger }) => {
    const picture = app.el("img", "shown");
    const words = app.el("p", "words");
    const note = app.el("p", "note");
    const problem = app.el("p", "problem");
    problem.setAttribute("role", "alert");
    const thumbs = props.thumbs.map((src, index) => {
      const button = app.el("button", "thumb");
      button.setAttribute("aria-label", app.say("page.ask.example", { number: index + 1 }));
      const image = app.el("img");
      image.src = src;
      image.alt = "";
      button.append(image);
      button.addEventListener("click", () => trigger("choose", { index }));
      return button;
    });
    body(element).replaceChildren(
      app.el("h3", "", app.say("page.ask.examples")), app.el("div", "thumbs", "", thumbs), picture, words, note, problem,
    );
    const draw = () => {
      const value = props.value;
      if (!value) return;
      problem.textContent = value.error ?? "";
      problem.hidden = !value.error;
      if (!value.src) return; // an error: the picture in front of the model stays
      picture.src = value.src;
      Object.assign(app.state, { picture: value.mark, scene: value.scene });
      picture.alt = words.textContent = value.words;
      note.textContent = value.note;
      note.hidden = !value.note;
      thumbs.forEach((thumb, index) => thumb.setAttribute("aria-pressed", String(index === value.chosen)));
      app.tell();
    };
    /** Put an example ({index}) or a scene ({seed}) in front of the model. */
    app.choosePicture = (which) => trigger("choose", which);
    watch("value", draw);
    draw();
  };

  const field = () => document.querySelector("#question textarea, #question input");
  /** What stands in the question's box; undefined where there is none. */
  app.questionTyped = () => field()?.value;

  /** Put a question into Gradio's textbox as typing would. */
  app.typeQuestion = (text) => {
    if (!field()) return;
    field().value = text;
    field().dispatchEvent(new Event("input", { bubbles: true }));
  };

  app.mount.chips = ({ element, props, watch }) => {
    const lead = app.el("span", "lead");
    const draw = () => {
      app.state.suggested = props.value ?? [];
      const chips = app.state.suggested.map((text) => {
        const chip = app.el("button", "suggestion", text);
        chip.addEventListener("click", () => {
          app.typeQuestion(text);
          field().focus();
        });
        return chip;
      });
      body(element).replaceChildren(lead, ...chips);
    };
    watch("value", draw);
    draw();
    app.on(element, ({ about }) => (lead.textContent = app.say(`page.ask.suggestions.${about?.kind ?? "vision-language"}`)));
  };
})();
