// Tables that leave the page as CSV files, made in the browser from what it shows.
(() => {
  "use strict";
  const app = window.ecoflap;

  /** One cell as in RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe in front. */
  function cell(value) {
    let text = String(value ?? "");
    if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }

  /** Rows of objects as CSV; the first one's keys are the heading. */
  app.csv = (rows) => {
    const names = Object.keys(rows[0] ?? {});
    return [names, ...rows.map((row) => names.map((name) => row[name]))].map((line) => `${line.map(cell).join(",")}\r\n`).join("");
  };

  /** Save a text as a file. */
  app.download = (name, text, type = "text/csv") => {
    // The mark in front tells Excel that it is UTF-8.
    const link = app.el("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff", text], { type: `${type};charset=utf-8` }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
})();
