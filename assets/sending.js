// Events that may come faster than Python answers them: one at a time is sent, and after it the newest.
(() => {
  "use strict";
  const PATIENCE = 10000; // ms after which an answer is no longer waited for: the connection may be gone

  /**
   * Wishes of one kind. Answers may overtake each other, and Gradio's own "always_last" would send the first one's data
   * again, so the next wish waits for the answer, which carries the ticket of its question. `send(wish, ticket)` sends
   * one; `lost(wish)` hears of one that was refused or never answered.
   */
  window.ecoflap.inTurn = (send, lost = () => {}) => {
    let tickets = 0, timer = 0;
    let asked = null; // what Python is at work on: {wish, ticket}
    let next = null; // the newest wish after it
    let last = -Infinity; // when an answer came

    function ask(wish) {
      asked = { wish, ticket: ++tickets };
      timer = setTimeout(() => done(true), PATIENCE);
      send(wish, asked.ticket);
    }

    function done(failed) {
      clearTimeout(timer);
      const { wish } = asked;
      asked = null;
      last = performance.now();
      if (failed) lost(wish);
      if (asked || next === null) return; // `lost` may have wished something itself
      const newest = next;
      next = null;
      ask(newest);
    }

    const mine = (ticket) => asked !== null && asked.ticket === ticket; // most values are no answers to wishes

    return {
      want: (wish) => (asked ? (next = wish) : ask(wish)),
      answered: (ticket, failed = false) => mine(ticket) && done(failed),
      waiting: () => asked !== null,
      /** Whether what came without a ticket may have been asked for before an answer that is here already. */
      recent: () => asked !== null || performance.now() - last < PATIENCE,
      newest: () => next ?? asked?.wish ?? null,
      /** The wish that an answer with this ticket is about, as long as it is waited for. */
      of: (ticket) => (mine(ticket) ? asked.wish : null),
    };
  };
})();
