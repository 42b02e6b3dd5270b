// Pictures from elsewhere: pasted, dropped, or taken with the camera.
(() => {
  "use strict";
})();
