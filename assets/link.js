// The link: the whole state of the page in its address, kept up while the hand moves, and to be copied at any moment.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { state } = app;
  // ms between two changes of the address: browsers refuse some 100 in 30 s, and each costs a moving hand part of a frame.
  const PACE = { rest: 350, moving: 1000 };
  const LONG = 8000; // characters of an address that servers and programs pass on; longer lists of locks go behind a "#"
  const KEPT = ["__theme"]; // of what is in the address besides, what belongs into a copied link

  const entriesOf = () => [...new URLSearchParams(location.search), ...new URLSearchParams(location.hash.slice(1))];
  // The address that the page was opened with, until what it says is restored.
  let opened = location.href, timer = 0, written = location.href, known = null;
  let firstLayer = "", of = null; // the layer that the page selects by itself

  /** The model, and the scores that the allocation is made of: what everything else is about. */
  function about(others) {
    const spec = state.models?.spec, { scores, own } = state.grid;
    if (!others && (!spec || spec === "demo") && scores === own) return [];
    return [...(spec ? [["model", spec]] : []), ...(scores ? [["scores", scores]] : [])];
  }

  /** The setting pinned as A; its target is always said, so that A is there even where nothing else differs. */
  function pinned() {
    if (!state.pinned) return [];
    const { values } = state.pinned, scores = values.scores || state.grid.own;
    const knobs = app.linkKeys.writeKnobs(values, { ...known.defaults, percent: null });
    const other = scores && scores !== state.grid.scores ? [["scores", scores]] : [];
    return [...knobs, ...other].map(([key, value]) => [`a.${key}`, value]);
  }

  function shown() {
    const name = state.grid.layers[state.selected]?.name ?? firstLayer;
    return [
      ...(name === firstLayer ? [] : [["layer", name]]),
      ...(state.view === "score" || state.view === "difference" ? [["map", state.view]] : []),
      ...(state.twin === "map" ? [] : [["show", state.twin]]),
    ];
  }

  /** Picture and question; a picture of one's own is in no link, so the question to it always is. */
  function asked() {
    const { scene, suggested } = state, text = app.questionTyped();
    const picture = scene ? Object.entries(scene).filter(([key, value]) => key !== "example" || value !== 1) : [];
    const typed = text !== undefined && (text !== (suggested?.[0] ?? "") || (scene === null && text));
    return [...picture, ...(typed ? [["question", text]] : [])];
  }

  /** Everything that is not as at the start, as pairs; `hidden` are the parts that the link hides. */
  function entries(hidden) {
    const step = app.tour?.step() ?? 0;
    const others = [
      ...(state.table ? [...app.linkKeys.writeKnobs(app.snapshot(), known.defaults), ...pinned(), ...shown()] : []),
      ...asked(),
      ...(step ? [["tour", step]] : []),
      ...(hidden.length ? [["hide", hidden.join(",")]] : []),
    ];
    return [...about(others.length), ...others].map(([key, value]) => [key, String(value)]);
  }

  /** An address of this page with these pairs. */
  function address(pairs) {
    const base = location.origin + location.pathname, join = (some) => app.linkKeys.query(some);
    const whole = base + (pairs.length ? `?${join(pairs)}` : "");
    if (whole.length <= LONG) return whole;
    const isLock = ([key]) => key.endsWith("lock");
    return `${base}?${join(pairs.filter((pair) => !isLock(pair)))}#${join(pairs.filter(isLock))}`;
  }

  const foreign = () => [...new URLSearchParams(location.search)].filter(([key]) => !app.linkKeys.own(key));

  /** The link to exactly what is shown now; `hidden` as in `entries`, by default those that are hidden here. */
  app.link = (hidden = app.hidden()) =>
    opened || address([...foreign().filter(([key]) => KEPT.includes(key)), ...entries(hidden)]);

  /** Whether a link is longer than what every program passes on. */
  app.linkLong = (link) => link.length > LONG;

  function write() {
    timer = 0;
    if (app.held()) return; // nobody reads the address meanwhile; letting go is news
    const now = address([...foreign(), ...entries(app.hidden())]);
    if (now === written) return;
    written = now;
    history.replaceState(history.state, "", now);
  }

  const later = () => {
    if (!opened && !timer && !app.held()) timer = setTimeout(write, state.playing ? PACE.moving : PACE.rest);
  };

  /** What the page selects by itself belongs to no link. */
  function notice({ grid, table, selected }) {
    if (!table || of === grid.of || selected < 0) return;
    of = grid.of;
    firstLayer = grid.layers[selected].name;
  }

  app.mount.link = ({ element, props }) => {
    ({ known } = props);
    const { wanted, wrong } = app.linkKeys.read(entriesOf(), known);
    const notes = app.linkNotes(element, later);
    app.on(element, notice);
    app.on(element, later);
    // The question is Gradio's own field.
    document.addEventListener("input", (event) => event.target.closest?.("#question") && later());
    app.restoreLink({ element, wanted, wrong, notes, known }).then(() => {
      opened = "";
      element.querySelector(".mount").dataset.restored = "true";
      later();
    });
  };
})();
