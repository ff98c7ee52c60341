// Light, dark, or as the system has it. This file blocks in <head>, so that the theme stands before the
// first paint; the switch itself is wired once the page is there, and stays hidden without JavaScript.
(function () {
  "use strict";

  var THEMES = ["system", "light", "dark"];
  var root = document.documentElement;

  function stored() {
    try {
      var theme = localStorage.getItem("theme");
      return THEMES.indexOf(theme) > 0 ? theme : "system";
    } catch (refused) {
      return "system"; // storage may be switched off
    }
  }

  function apply(theme) {
    if (theme === "system") {
      root.removeAttribute("data-theme");
    } else {
      root.setAttribute("data-theme", theme);
    }
  }

  function keep(theme) {
    try {
      localStorage.setItem("theme", theme);
    } catch (refused) {
      // the choice then lasts for this page
    }
  }

  apply(stored());

  document.addEventListener("DOMContentLoaded", function () {
    var button = document.querySelector("[data-theme-switch]");
    if (!button) {
      return;
    }
    var theme = stored();

    function name() {
      var words = button.getAttribute("data-" + theme);
      button.setAttribute("aria-label", words);
      button.setAttribute("title", words);
      button.setAttribute("data-theme-now", theme);
    }

    button.addEventListener("click", function () {
      theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
      keep(theme);
      apply(theme);
      name();
    });
    name();
    button.hidden = false;
  });
})();
