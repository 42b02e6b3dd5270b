// The Ask section: pictures, suggestions, and the two answers with what differs and how sure each word was.
(() => {
  "use strict";
  const app = window.ecoflap;
  const body = (element) => element.querySelector(".mount");

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
    const draw = () => {
      const chips = (props.value ?? []).map((text) => {
        const chip = app.el("button", "suggestion", text);
        chip.addEventListener("click", () => type(text));
        return chip;
      });
      body(element).replaceChildren(app.el("span", "lead", app.say("page.ask.suggestions")), ...chips);
    };
    watch("value", draw);
    draw();
  };

  function answer(title, side, percent) {
    const text = app.el("p", "answer");
    side.words.forEach(([words, same], i) => {
      if (i) text.append(" ");
      text.append(same ? words : app.el("mark", "", words));
    });
    if (!side.words.length) text.append(app.el("em", "", app.say("page.ask.silent")));
    const tokens = side.tokens.map(([token, probability]) => {
      const fill = app.el("i");
      fill.style.height = `${probability * 100}%`;
      const column = app.el("span", "token", "", [app.el("span", "column", "", [fill]), app.el("b", "", app.share(probability, 0)), app.el("span", "", token)]);
      column.title = app.say("page.ask.token", { token, share: app.share(probability) });
      return column;
    });
    const head = app.el("h3", "", title);
    if (percent !== null) head.append(app.el("span", "unit", app.say("page.ask.at", { percent: `${percent}%` })));
    const bars = app.el("div", "tokens", "", tokens);
    for (const node of [text, bars]) node.tabIndex = 0; // they scroll, so the keyboard has to reach them
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
          app.el("p", "asked", app.say("page.ask.asked", { question: value.question })),
          stale,
          // A pruned model may ramble; both sides then get the smaller type.
          app.el("div", [value.dense, value.pruned].some(long) ? "pair long" : "pair", "", [
            answer(app.say("page.ask.dense"), value.dense, null),
            answer(app.say("page.ask.pruned"), value.pruned, value.percent),
          ]),
          app.el("p", "", app.say(value.same ? "page.ask.same" : "page.ask.differ")),
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
