// Formulas as MathML, which browsers draw themselves: built once, their numbers put in later.
(() => {
  "use strict";
  const app = window.ecoflap;
  const NAMESPACE = "http://www.w3.org/1998/Math/MathML";

  /** A MathML element; texts among its parts become identifiers, operators or numbers by what they are. */
  function math(tag, ...parts) {
    const node = document.createElementNS(NAMESPACE, tag);
    node.append(...parts.map((part) => (typeof part === "string" ? token(part) : part)));
    return node;
  }

  function token(text) {
    const node = document.createElementNS(NAMESPACE, /^[\d.,]+$/.test(text) ? "mn" : /^[A-Za-zε]+$/.test(text) ? "mi" : "mo");
    node.textContent = text;
    return node;
  }

  const sub = (name, index) => math("msub", name, index.length > 1 ? math("mrow", ...index) : index);
  const fraction = (above, below) => math("mfrac", math("mrow", ...above), math("mrow", ...below));
  const sum = (...index) => math("munder", "∑", math("mrow", ...index));
  /** A formula on a line of its own, which scrolls where it is wider than the page. */
  function formula(...parts) {
    const node = math("math", math("mrow", ...parts));
    node.setAttribute("display", "block");
    const line = app.el("div", "formula", "", [node]);
    line.tabIndex = 0; // the keyboard has to reach what scrolls
    line.setAttribute("role", "group");
    line.setAttribute("aria-label", app.say("page.learn.formula"));
    return line;
  }

  /** A place for a number that follows the page. */
  function slot() {
    const node = token("0");
    return { node, put: (words) => app.put(node, words) };
  }

  const loss = (sign) => ["L", "(", "W", sign, "ε", sub("z", "k"), ")"];

  const score = () => formula(
    "S", "=", fraction(["1"], ["n"]), math("munderover", "∑", math("mrow", "k", "=", "1"), "n"),
    fraction(["|", ...loss("+"), "−", ...loss("−"), "|"], ["2", "ε"]),
  );

  const kept = () => formula(
    sub("K", "g"), "=", "⌈", "(", "1", "−", "c", ")", sub("N", "g"), "⌉", "+", "R", "·", fraction([sub("S", "g")], [sum("h"), sub("S", "h")]),
  );
  const sparsity = () => formula(sub("s", "g"), "=", "1", "−", fraction([sub("K", "g")], [sub("N", "g")]));

  /** The same with the numbers of one group: `put` takes them as words. */
  function keptHere() {
    const slots = Array.from({ length: 5 }, slot);
    const [floor, rest, own, all, result] = slots.map(({ node }) => node);
    const node = formula(sub("K", "g"), "=", floor, "+", rest, "·", fraction([own], [all]), "≈", result);
    node.classList.add("here");
    return { node, put: (words) => words.forEach((word, i) => slots[i].put(word)) };
  }

  const spread = () => formula(
    sub("s", "g"), "=", "c", "−", "(", "c", "−", "p", ")", "·", fraction([sub("S", "g")], [sum("h"), sub("S", "h")]), "·", fraction(["N"], [sub("N", "g")]),
  );

  /** The same with numbers. */
  function spreadHere() {
    const slots = Array.from({ length: 8 }, slot);
    const [cap, again, target, own, all, total, size, result] = slots.map(({ node }) => node);
    const node = formula(
      sub("s", "g"), "=", cap, "−", "(", again, "−", target, ")", "·", fraction([own], [all]), "·", fraction([total], [size]), "≈", result,
    );
    node.classList.add("here");
    return { node, put: (words) => words.forEach((word, i) => slots[i].put(word)) };
  }

  const criterion = () => formula(sub("I", "ij"), "=", "|", sub("W", "ij"), "|", "·", "‖", sub("X", "j"), "‖");

  const product = () => formula(sub("y", "i"), "=", sum("j"), sub("W", "ij"), sub("x", "j"));

  app.formulas = { score, kept, sparsity, keptHere, spread, spreadHere, criterion, product };
})();
