// Play: the target runs to 95% by itself, over the same slider as the hand; one commit when it stops.
(() => {
  "use strict";
  const app = window.ecoflap;
  const { state } = app;
  const LAST = 95;
  const WHOLE = 12000; // ms from 0 to 95% at normal speed
  const SPEEDS = { half: "page.play.half", one: "page.play.one", two: "page.play.two" };
  const FACTORS = { half: 0.5, one: 1, two: 2 };
  let speed = 1, loop = false, frame = 0, due = 0, stepping = false;

  const slider = () => document.querySelector("#target input[type=range]");
  const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  /** Per cents per step, and ms per step: with less motion fewer, larger steps at half the pace. */
  const stride = () => (calm() ? 5 : 1);
  const pause = () => ((WHOLE / LAST) * stride() * (calm() ? 2 : 1)) / speed;

  /** The next target that can be: a stride further or less, else the first one beyond; null at the end. */
  function next(from) {
    const { reachable } = state.table;
    const far = Math.min(from + stride(), LAST);
    const near = reachable.lastIndexOf(true, far);
    if (near > from) return near;
    const beyond = reachable.indexOf(true, far + 1);
    return beyond < 0 ? null : beyond;
  }

  /** Set the slider and let it say so itself: everything that follows the hand follows this. */
  function place(percent) {
    const input = slider();
    if (!input) return stop();
    stepping = true;
    input.value = percent;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    stepping = false;
  }

  function step(now) {
    frame = requestAnimationFrame(step);
    if (!possible()) return stop(); // another model, or a pattern
    if (now < due) return;
    // A slow page plays longer, it does not skip.
    due = Math.max(due + pause(), now);
    const percent = next(state.row);
    if (percent !== null) place(percent);
    else if (loop) place(state.table.reachable.indexOf(true));
    else stop();
  }

  function start() {
    if (state.playing || !possible()) return;
    state.playing = true;
    due = performance.now() + pause();
    if (next(state.row) === null) place(state.table.reachable.indexOf(true));
    frame = requestAnimationFrame(step);
    app.tell();
  }

  function halt() {
    cancelAnimationFrame(frame);
    state.playing = false;
    app.tell();
  }

  /** Stop where it is; what is shown now is committed once, as when a hand has rested. */
  function stop() {
    if (!state.playing) return;
    halt();
    app.arrived();
  }

  const possible = () => Boolean(state.table) && state.table.pattern === "unstructured";

  app.togglePlay = () => (state.playing ? stop() : start());

  // A hand on the slider takes over, and commits by itself when it lets go.
  const byHand = (event) => {
    if (state.playing && !stepping && event.target === slider()) halt();
  };
  for (const kind of ["pointerdown", "input"]) document.addEventListener(kind, byHand, true);

  /** The steps of the breaking point that were made with the settings of now; null where there are none. */
  function steps() {
    if (!state.ladder || state.ladder.stale) return null;
    return state.ladder.strips.find((entry) => entry.allocator === state.table?.knobs.allocator)?.rungs ?? null;
  }

  /** What was said at the highest measured step that is not above the target; between steps nothing is claimed. */
  function answerWords() {
    const rungs = steps();
    if (!rungs) return app.say(state.ladder ? "page.play.others" : "page.play.first");
    const below = rungs.filter((rung) => rung.percent <= state.row);
    if (!below.length) return app.say("page.play.none", { target: `${state.row}%` });
    const rung = below.reduce((best, next) => (next.percent > best.percent ? next : best));
    const facts = { measured: `${rung.percent}%`, answer: app.strips.quoted(rung.answer) };
    return app.say(rung.same ? "page.play.same" : "page.play.other", facts);
  }

  /** The question and its answer, in room that is always as high, so that nothing below moves while it plays. */
  function listener() {
    const question = app.el("p", "question");
    const answer = app.el("p", "answer");
    const go = app.el("button", "go", app.say("page.play.go"));
    const node = app.el("div", "heard", "", [question, answer, go]);
    go.type = "button";
    go.addEventListener("click", () => {
      const start = document.querySelector("#ladder [data-action=climb]");
      start?.scrollIntoView({ block: "center", behavior: calm() ? "auto" : "smooth" });
      start?.focus({ preventScroll: true });
    });
    const draw = () => {
      const known = steps() !== null;
      const asked = known ? state.ladder.question : "";
      node.hidden = !state.table || state.status === "scores"; // where there is no model, nothing answers
      node.dataset.known = known;
      question.hidden = !asked;
      go.hidden = known;
      app.put(question, asked ? `“${asked}”` : "");
      question.title = question.textContent;
      app.put(answer, answerWords());
    };
    return { node, draw };
  }

  app.mount.play = ({ element }) => {
    const button = app.el("button", "toggle start");
    const again = app.el("button", "toggle loop", app.say("page.play.loop"));
    const speeds = app.segments(app.say("page.play.speed"), SPEEDS, (name) => {
      speed = FACTORS[name];
      speeds.press(name);
    });
    const heard = listener();
    button.type = again.type = "button";
    again.title = app.say("page.play.loop_title");
    again.setAttribute("aria-pressed", "false");
    speeds.press("one");
    button.addEventListener("click", app.togglePlay);
    again.addEventListener("click", () => {
      loop = !loop;
      again.setAttribute("aria-pressed", String(loop));
    });
    const root = element.querySelector(".mount");
    root.replaceChildren(app.el("div", "line", "", [button, speeds.group, again]), heard.node);
    let drawn = null;
    app.on(element, () => {
      const now = `${state.playing} ${possible()}`;
      if (now !== drawn) {
        drawn = now;
        button.textContent = app.say(state.playing ? "page.play.pause" : "page.play.start");
        button.disabled = !possible();
        button.title = possible() ? "" : app.say("page.play.impossible");
        root.dataset.playing = state.playing;
      }
      heard.draw();
    });
  };
})();
