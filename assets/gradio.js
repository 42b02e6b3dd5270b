// What Gradio itself says on the page, in the page's language: its own words follow the browser's, or are English alone.
(() => {
  "use strict";
  const app = window.ecoflap;
  // What Gradio puts before a slider's label, for those who hear it; and what the page says instead.
  const SPOKEN = [["number input for ", "page.slider.number"], ["range slider for ", "page.slider.range"]];

  function relabel() {
    for (const input of document.querySelectorAll(".gradio-container input[aria-label]")) {
      const given = input.getAttribute("aria-label");
      const [before, key] = SPOKEN.find(([words]) => given.startsWith(words)) ?? [];
      if (key) input.setAttribute("aria-label", app.say(key, { label: given.slice(before.length) }));
    }
  }

  /** The way to the API, which Gradio's hidden footer would show. */
  app.mount.foot = ({ element }) => {
    const link = app.el("a", "", app.say("page.foot.api"));
    Object.assign(link, { href: window.ecoflapLanguage.api, target: "_blank", rel: "noopener" });
    element.querySelector(".mount").replaceChildren(link);
    relabel();
    // A slider that was hidden is made anew when it is shown.
    for (const id of ["target", "knobs"]) {
      const part = document.getElementById(id);
      if (part) new MutationObserver(relabel).observe(part, { subtree: true, childList: true });
    }
  };
})();
