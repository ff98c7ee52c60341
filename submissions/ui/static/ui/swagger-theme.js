// Swagger UI knows a dark theme by a class on the root; ours is an attribute there, or what the system has.
(function () {
  "use strict";

  var root = document.documentElement;
  var system = window.matchMedia("(prefers-color-scheme: dark)");

  function follow() {
    var theme = root.getAttribute("data-theme");
    root.classList.toggle("dark-mode", theme ? theme === "dark" : system.matches);
  }

  new MutationObserver(follow).observe(root, { attributeFilter: ["data-theme"] });
  system.addEventListener("change", follow);
  follow();
})();
