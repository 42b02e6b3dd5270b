// The tour: a card beside the page, eight steps, each completed by doing it. The page stays usable, and is told of it.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { state, say, el } = app;
  const PHONE = window.matchMedia("(max-width: 820px)"), STILL = window.matchMedia("(prefers-reduced-motion: reduce)");
  const OFFERED = "ecoflap-tour"; // in the browser's own memory: the tour was offered here once
  const GAP = 16; // px around what a step is about, where it has been scrolled to
  let card = null, before = null; // the card's parts; what had the focus when the tour began
  let begun = false, was = null; // whether the present step has begun; what was scrolled to last
  state.tour = null;

  const step = () => app.tourSteps[state.tour - 1];
  const button = (name, words, className = "toggle") => {
    const made = el("button", className, words);
    made.type = "button";
    made.dataset.act = name;
    return made;
  };

  /** On a phone the settings are folded away: open where the step is about them, closed where it is not. */
  function fold(places) {
    const toggle = document.querySelector("#headline .toggle");
    const node = document.querySelector(places[0]);
    if (!node || !toggle?.offsetParent) return;
    const wanted = document.getElementById("knobs").contains(node);
    if (wanted !== (toggle.getAttribute("aria-expanded") === "true")) toggle.click();
  }

  /** Bring something into the middle of what scrolls it, between `top` and `bottom` of the window; what is there stays. */
  function bring(node, top, bottom) {
    const rail = node.closest("#rail");
    // On a phone the rail's lower end is behind the card until it sticks to the window's upper edge.
    if (rail && PHONE.matches) window.scrollBy(0, rail.getBoundingClientRect().top);
    const box = node.getBoundingClientRect(), room = rail?.getBoundingClientRect();
    const [from, to] = rail ? [room.top, Math.min(bottom, room.bottom - GAP)] : [top, bottom];
    if (box.top >= from && box.bottom <= to) return;
    const by = box.top - Math.max(from, (from + to - box.height) / 2); // what is higher than its room begins at its top
    (rail ?? window).scrollBy({ top: by, behavior: STILL.matches ? "auto" : "smooth" });
  }

  /** The page keeps that much room for the card where it lies across its lower edge. */
  const makeRoom = () => document.documentElement.style.setProperty("--tour", `${card.node.offsetHeight}px`);

  /** Outline what a step is about, bring it into view, and keep the card off it. */
  function point(places) {
    // As a rule of its own: Gradio draws its parts anew, which would lose a class.
    app.put(card.outline, places.length ? `:is(${places.join()}) { outline: 3px solid var(--accent); outline-offset: 3px; border-radius: 8px; }` : "");
    fold(places);
    makeRoom();
    const node = places.map((place) => document.querySelector(place)).find((found) => found?.offsetParent);
    if (!node) return;
    const rail = document.getElementById("rail"), phone = PHONE.matches;
    const top = GAP + (phone && !rail.contains(node) ? rail.offsetHeight : 0);
    const bottom = window.innerHeight - GAP - (phone ? card.node.offsetHeight : 0);
    const reach = node.getBoundingClientRect().right;
    card.node.dataset.side = reach > window.innerWidth - card.node.offsetWidth - 2 * GAP ? "left" : "right";
    bring(node, top, bottom);
  }

  /** The card's buttons, of which "Next" is the one to press once there is nothing more to do here. */
  function buttons(over, offer) {
    const last = state.tour === app.tourSteps.length;
    app.put(card.next, say(last ? "page.tour.finish" : over ? "page.tour.next" : "page.tour.skip"));
    card.next.className = over ? "primary" : "toggle";
    card.back.disabled = state.tour === 1;
    card.offer.hidden = !offer;
    if (offer) app.put(card.offer, say(offer.words));
    // A button that goes must not take the keyboard's place with it.
    const gone = { back: card.back.disabled, offer: card.offer.hidden }[document.activeElement?.dataset.act];
    if (gone && card.node.contains(document.activeElement)) card.next.focus({ preventScroll: true });
  }

  /** What the card says now, and whether the step is done. */
  function check() {
    if (state.tour === null) return;
    const now = step(), why = now.why();
    if (!begun && !why) {
      begun = true;
      now.begin?.();
    }
    const done = !why && now.done();
    app.put(card.text, why ? say("page.tour.why", { why }) : done ? now.seen() : now.todo());
    Object.assign(card.node.dataset, { step: state.tour, done: String(done), blocked: String(Boolean(why)) });
    buttons(done || Boolean(why), why ? null : now.offer?.());
    const places = why ? [] : done && now.shows ? now.shows : now.about;
    if (was && places.join() === was.join()) return;
    was = places;
    requestAnimationFrame(() => was === places && point(places)); // once the card's words have their room
  }

  /** Show a step, with everything about it as at its beginning. */
  function enter(number) {
    state.tour = number;
    [begun, was] = [false, null];
    const facts = { step: number, steps: app.tourSteps.length };
    card.count.textContent = say("page.tour.count", facts);
    card.title.textContent = say(step().title);
    card.bar.style.width = `${(100 * number) / facts.steps}%`;
    card.node.hidden = false;
    check();
    app.tell();
  }

  /** Start the tour at a step from 1 to 8, or go on to it; the focus comes to the card when it starts, and only then. */
  function go(number) {
    if (!card || !Number.isInteger(number) || !app.tourSteps[number - 1]) return;
    const starts = state.tour === null;
    if (starts) before = document.activeElement;
    enter(number);
    if (starts) card.node.focus({ preventScroll: true });
  }

  function end() {
    if (!card || state.tour === null) return;
    const inside = card.node.contains(document.activeElement);
    state.tour = null;
    card.node.hidden = true;
    card.outline.textContent = "";
    if (inside && before?.isConnected) before.focus({ preventScroll: true });
    app.tell();
  }

  app.tour = { go, end, step: () => state.tour };

  /** The button that starts and ends the tour; on a first visit it says who it is for. */
  app.tourButton = () => {
    const made = button("tour", say("page.tour.button"), "toggle tour");
    try {
      if (!localStorage.getItem(OFFERED)) made.textContent = say("page.tour.offer");
      made.classList.toggle("offer", !localStorage.getItem(OFFERED));
      localStorage.setItem(OFFERED, "1");
    } catch {
      // A browser that keeps nothing is offered nothing.
    }
    made.addEventListener("click", () => (state.tour === null ? go(1) : end()));
    return made;
  };

  /** The card's nodes, made once. */
  function build() {
    const [count, title, text, bar] = [el("span", "count"), el("h2"), el("p", "text"), el("i")];
    const [back, next, close] = [button("back", say("page.tour.back")), button("next", ""), button("close", "×", "close")];
    const offer = button("offer", "");
    close.setAttribute("aria-label", say("page.tour.close"));
    const told = el("div", "told", "", [title, text]);
    told.setAttribute("aria-live", "polite");
    const head = el("div", "head", "", [count, el("span", "bar", "", [bar]), close]);
    const node = el("section", "tour-card", "", [head, told, offer, el("div", "acts", "", [back, next])]);
    node.hidden = true;
    node.tabIndex = -1;
    node.setAttribute("aria-label", say("page.tour.aria"));
    back.addEventListener("click", () => go(state.tour - 1));
    next.addEventListener("click", () => (state.tour === app.tourSteps.length ? end() : go(state.tour + 1)));
    close.addEventListener("click", end);
    offer.addEventListener("click", () => step().offer()?.act());
    return { node, count, title, text, bar, offer, back, next, outline: el("style") };
  }

  const writing = (node) => node.closest?.("textarea, input:not([type=range], [type=radio], [type=checkbox]), dialog");

  app.mount.tour = ({ element }) => {
    card = build();
    element.querySelector(".mount").replaceChildren(card.node, card.outline);
    new ResizeObserver(makeRoom).observe(card.node);
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented && !writing(event.target) && !document.querySelector("dialog[open]")) end();
    });
    // A step is judged when the hand has let go, never while it moves something.
    document.addEventListener("pointerup", () => setTimeout(check));
    app.looked = (layer) => state.tour !== null && step().look?.(layer);
    app.rest(element, () => document.querySelector("input[type=range]:active") || check());
  };
})();
