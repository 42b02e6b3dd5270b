// Where the page shows scores alone: one sentence in the place of what needs a model.
(() => {
  "use strict";
  const app = window.ecoflap;

  app.mount.needs = ({ element, props }) => {
    element.hidden = !props.value;
    if (!props.value) return;
    const sentence = app.el("p", "", props.value);
    element.querySelector(".mount").replaceChildren(app.el("section", "card", "", [sentence]));
  };
})();
