// Figures: Plotly draws once, later values go into the same plot; a cursor follows the hand.
(() => {
  "use strict";
})();
