// A teacher's link hides parts of the page: for eyes, keyboard and screen readers alike. What they are set to applies.
(() => {
  "use strict";
  const app = window.ecoflap;
  const el = app.el;
  // What can be hidden: its word on the page, and where it stands. The first list is of the settings, the second of the page.
  const SETTINGS = {
    target: ["page.rail.target", "#target"],
    play: ["page.link.part.play", "#play"],
    scores: ["page.rail.scores", "#scores, #measure .chosen"],
    scoring: ["page.link.part.scoring", "#measure :is(.measure, .run, .use), #score-file"],
    allocator: ["page.rail.allocator", "#allocator"],
    granularity: ["page.rail.granularity", "#granularity"],
    cap: ["page.rail.cap_mode", "#cap-mode, #margin, #cap"],
    bridge: ["page.rail.bridge", "#bridge"],
    pattern: ["page.rail.pattern", "#pattern, #pattern-note"],
    locks: ["page.locks.title", "#history, #headline [data-locks], #layer .deciding"],
    undo: ["page.link.part.undo", "#headline [data-step]"],
    reset: ["page.rail.reset", "#reset"],
    recipe: ["page.link.part.recipe", "#recipefile"],
  };
  const SECTIONS = {
    rail: ["page.rail.settings", "#knobs, #headline .line .toggle"],
    layer: ["page.layer.title", "#layer"],
    figures: ["page.link.part.figures", "#figures"],
    ask: ["page.ask.title", "#ask-section"],
    ladder: ["page.link.part.ladder", "#ladder, #blame"],
    compare: ["page.compare.title", "#compare, #pin"],
    batch: ["page.batch.title", "#batch-section"],
    export: ["page.link.part.export", "#export"],
    learn: ["page.link.part.learn", "#learn"],
    tour: ["page.link.part.tour", "#status .tour"],
    models: ["page.models.change", "#status .change"],
    link: ["page.link.copy", "#status .link"],
  };
  const PARTS = { ...SETTINGS, ...SECTIONS };
  // Without the selected matrix beside it the map has all the room.
  const ROOM = { layer: "#map-row { grid-template-columns: minmax(0, 1fr) !important; }" };
  let hidden = [];

  /** The names of the parts that are hidden here. */
  app.hidden = () => hidden;
  app.hideable = { SETTINGS, SECTIONS };

  /** Hide these parts from now on, and no others. A rule instead of an attribute: Gradio makes its elements anew. */
  function apply(names) {
    hidden = names;
    const id = "link-hidden", sheet = document.getElementById(id) ?? document.head.appendChild(el("style"));
    sheet.id = id;
    sheet.textContent = names.map((name) => `${PARTS[name][1]} { display: none !important; } ${ROOM[name] ?? ""}`).join("\n");
    app.tell();
  }

  /** Hide what a link names; one line says so and shows it all again. A name that there is not is said. */
  app.hide = (names, notes) => {
    const known = [...new Set(names)].filter((name) => Object.hasOwn(PARTS, name));
    for (const name of names.filter((each) => !Object.hasOwn(PARTS, each))) {
      notes.add(app.say("page.link.wrong.hide", { value: app.linkKeys.clip(name), choices: Object.keys(PARTS).join(", ") }), "problem");
    }
    if (!known.length) return;
    apply(known);
    const note = notes.add(app.say("page.link.hidden"), "hiding", [[app.say("page.link.show_all"), () => {
      apply([]);
      note.remove();
    }]]);
  };
})();
