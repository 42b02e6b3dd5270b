// The Ask section: pictures, suggestions, and the two answers with what differs and how sure each word was.
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
      picture.alt = words.textContent = value.words;
      note.textContent = value.note;
      note.hidden = !value.note;
      thumbs.forEach((thumb, index) => thumb.setAttribute("aria-pressed", String(index === value.chosen)));
    };
    watch("value", draw);
    draw();
  };

  /** Put a question into Gradio's textbox as typing would. */
  function type(text) {
    const field = document.querySelector("#question textarea, #question input");
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  }

  app.mount.chips = ({ element, props, watch }) => {
    const lead = app.el("span", "lead");
    const draw = () => {
      const chips = (props.value ?? []).map((text) => {
        const chip = app.el("button", "suggestion", text);
        chip.addEventListener("click", () => type(text));
        return chip;
      });
      body(element).replaceChildren(lead, ...chips);
    };
    watch("value", draw);
    draw();
    app.on(element, ({ about }) => (lead.textContent = app.say(`page.ask.suggestions.${about?.kind ?? "vision-language"}`)));
  };

  /** How sure the model was of each word of its answer, in the order of the words. */
  function words(side) {
    const tokens = side.tokens.map(([token, probability]) => {
      const fill = app.el("i");
      fill.style.height = `${probability * 100}%`;
      const column = app.el("span", "token", "", [app.el("span", "column", "", [fill]), app.el("b", "", app.share(probability, 0)), app.el("span", "", token)]);
      column.title = app.say("page.ask.token", { token, share: app.share(probability) });
      return column;
    });
    return app.el("div", "tokens", "", tokens);
  }

  /** The most probable labels, the chosen one first. */
  function choices(side) {
    const rows = side.tokens.map(([label, probability]) => {
      const fill = app.el("i");
      fill.style.width = `${probability * 100}%`;
      return app.el("div", "choice", "", [app.el("span", "name", label), app.el("span", "bar", "", [fill]), app.el("b", "", app.share(probability))]);
    });
    return app.el("div", "choices", "", rows);
  }

  function answer(title, side, percent, chosen) {
    const text = app.el("p", "answer");
    side.words.forEach(([words, same], i) => {
      if (i) text.append(" ");
      text.append(same ? words : app.el("mark", "", words));
    });
    if (!side.words.length) text.append(app.el("em", "", app.say("page.ask.silent")));
    const head = app.el("h3", "", title);
    if (percent !== null) head.append(app.el("span", "unit", app.say("page.ask.at", { percent: `${percent}%` })));
    const bars = (chosen ? choices : words)(side);
    for (const node of chosen ? [text] : [text, bars]) node.tabIndex = 0; // they scroll, so the keyboard has to reach them
    return app.el("section", "card", "", [head, text, bars]);
  }

  const long = (side) => side.words.reduce((sum, [words]) => sum + words.length + 1, 0) > 60;

  app.mount.answers = ({ element, props, watch }) => {
    const stale = app.el("p", "stale");
    stale.setAttribute("role", "status");
    const draw = () => {
      const value = props.value;
      body(element).dataset.state = value ? value.state : "empty";
      if (!value) body(element).replaceChildren(app.el("p", "empty", app.say("page.ask.empty")));
      else if (value.state === "busy") body(element).replaceChildren(app.el("p", "busy", value.words));
      else if (value.state === "error") body(element).replaceChildren(app.el("p", "problem", value.words));
      else {
        body(element).replaceChildren(
          app.el("p", "asked", value.question && app.say("page.ask.asked", { question: value.question })),
          stale,
          // A pruned model may ramble; both sides then get the smaller type.
          app.el("div", [value.dense, value.pruned].some(long) ? "pair long" : "pair", "", [
            answer(app.say("page.ask.dense"), value.dense, null, value.chosen),
            answer(app.say("page.ask.pruned"), value.pruned, value.percent, value.chosen),
          ]),
          app.el("p", "", app.say(`page.ask.${value.same ? "same" : "differ"}.${value.chosen ? "labels" : "words"}`)),
          app.el("p", "", app.say("page.ask.caution")),
        );
      }
      mark(app.state);
    };
    /** An answer is about one recipe; as soon as the recipe moves on, the answer says so. */
    const mark = (state) => {
      const value = props.value;
      const old = Boolean(value && value.state === "done" && state.table && (value.key !== state.table.key || value.percent !== state.percent));
      body(element).dataset.stale = String(old);
      stale.hidden = !old;
      stale.textContent = old ? app.say("page.ask.stale", { percent: `${value.percent}%` }) : "";
    };
    watch("value", draw);
    draw();
    app.on(element, mark);
  };
})();
