// Small conveniences that every page may use. Nothing here is needed to read or to send anything.
(function () {
  "use strict";

  // Menus are <details>: a click elsewhere or Escape closes them, as a reader expects of a menu.
  function closeMenus(except) {
    document.querySelectorAll("details[data-menu][open]").forEach(function (menu) {
      if (menu !== except) {
        menu.open = false;
      }
    });
  }

  document.addEventListener("click", function (event) {
    closeMenus(event.target.closest("details[data-menu]"));
  });

  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") {
      return;
    }
    var menu = document.activeElement && document.activeElement.closest("details[data-menu][open]");
    closeMenus(null);
    if (menu) {
      menu.querySelector("summary").focus();
    }
  });

  // Copy buttons name the element whose text they copy.
  function copied(button) {
    var before = button.textContent;
    button.textContent = button.getAttribute("data-copied");
    setTimeout(function () {
      button.textContent = before;
    }, 2000);
  }

  function select(element) {
    var range = document.createRange();
    range.selectNodeContents(element);
    var selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  }

  document.querySelectorAll("[data-copy]").forEach(function (button) {
    var source = document.getElementById(button.getAttribute("data-copy"));
    if (!source) {
      return;
    }
    button.hidden = false;
    button.addEventListener("click", function () {
      select(source);
      if (navigator.clipboard) {
        navigator.clipboard.writeText(source.textContent.trim()).then(function () {
          copied(button);
        });
      } else if (document.execCommand("copy")) {
        copied(button); // plain http on another machine has no clipboard object
      }
    });
  });

  // The chosen tab may lie outside a narrow strip of tabs: bring it into view, moving the strip alone.
  document.querySelectorAll("[data-strip]").forEach(function (strip) {
    var current = strip.querySelector("[aria-current]");
    if (current) {
      strip.scrollLeft = current.offsetLeft - strip.offsetLeft - (strip.clientWidth - current.offsetWidth) / 2;
    }
  });

  // Fields that ask for nothing stay out of the address, so that it can be read and passed on.
  document.querySelectorAll('form[method="get"]').forEach(function (form) {
    form.addEventListener("formdata", function (event) {
      Array.from(new Set(event.formData.keys())).forEach(function (name) {
        var given = event.formData.getAll(name).filter(function (value) {
          return value !== "";
        });
        event.formData.delete(name);
        given.forEach(function (value) {
          event.formData.append(name, value);
        });
      });
    });
  });

  // A list of errors is what a reader must meet first.
  var errors = document.getElementById("errors");
  if (errors) {
    errors.focus();
  }
})();
