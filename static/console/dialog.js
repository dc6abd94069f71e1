/* Dialogs for people at the keyboard: the first field has the focus when a dialog opens, the
   button that opened it when it closes; a refused request shows the page as it is now. */
(function () {
  "use strict";
  let opener = null;

  document.addEventListener("htmx:beforeRequest", function (event) {
    if (event.target.matches(".oc-button[hx-get]")) opener = event.target;
  });

  document.addEventListener("htmx:afterSettle", function (event) {
    if (event.target.id !== "modal-content" && event.target.id !== "dialog-form") return;
    const fields = "#dialog input:not([type=hidden]), #dialog select, #dialog textarea, #dialog button[type=submit]";
    window.setTimeout(function () {
      const field = document.querySelector(fields);
      if (field) field.focus();
    }, 60);
  });

  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape" && opener) opener.focus();
  });

  document.addEventListener("htmx:responseError", function () { window.location.reload(); });
})();
