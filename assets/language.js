// Which language this page is in, and the way to the other one. Runs before everything else: the scripts need its sentences.
(() => {
  "use strict";
  const KEY = "ecoflap.language";
  const here = /\/zh\/?$/.test(location.pathname) ? "zh" : "en";
  const other = here === "zh" ? "en" : "zh";
  window.ecoflapTexts = window.ecoflapTables[here];
  delete window.ecoflapTables;

  /** The language that was chosen with the switch; null where none was, or where the browser keeps nothing. */
  function remembered() {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null;
    }
  }

  function remember(language) {
    try {
      localStorage.setItem(KEY, language);
    } catch {
      // Without storage the address alone says which language it is.
    }
  }

  // The English page's path: a server may put any prefix before both.
  const home = `${location.pathname.replace(here === "zh" ? /\/zh\/?$/ : /\/$/, "")}/`;

  /** An address of this page, in the other language. */
  function translated(address) {
    const url = new URL(address);
    url.pathname = other === "zh" ? `${home}zh` : home;
    return url.href;
  }

  const wanted = remembered() ?? (here === "en" && /^zh\b/i.test(navigator.language) ? "zh" : here);
  const view = new URLSearchParams(location.search).has("view"); // Gradio's page about the API, which is at one address
  if (wanted === other && !view) location.replace(translated(location.href));

  window.ecoflapLanguage = {
    here,
    tag: here === "zh" ? "zh-CN" : "en-GB",
    /** Say on the document which language it is; Gradio says the browser's, and has one title for all. */
    mark: () => {
      document.documentElement.lang = window.ecoflapLanguage.tag;
      document.title = window.ecoflapTexts["page.title"];
    },
    /** Where Gradio documents the API, whichever language this is. */
    api: `${home}?view=api`,
    /** Go to the other language and remember that; `address` is this page's, with what it shows. */
    change: (address) => {
      remember(other);
      location.assign(translated(address));
    },
  };
})();
