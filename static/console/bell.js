/* The bell in the header: asks every ten seconds whether something is new, only while the page
   is looked at, and less often when the server does not answer. */
(function () {
  "use strict";
  const EVERY = 10000;
  const AT_MOST = 300000;
  let wait = EVERY;
  let etag = "";
  let timer = 0;

  function show(bell, state) {
    const count = bell.querySelector("[data-bell-count]");
    count.textContent = state.label;
    count.hidden = state.count === 0;
    bell.setAttribute("aria-label", bell.dataset.label + " " + state.label);
  }

  async function ask(bell) {
    const headers = etag ? { "If-None-Match": etag } : {};
    const response = await fetch(bell.dataset.bellUrl, { headers: headers, credentials: "same-origin" });
    if (response.status === 304) return true;
    if (response.status === 403) return false;
    if (!response.ok) throw new Error(String(response.status));
    etag = response.headers.get("ETag") || "";
    show(bell, await response.json());
    return true;
  }

  async function round(bell) {
    window.clearTimeout(timer);
    if (document.hidden) return;
    try {
      if (!(await ask(bell))) return;
      wait = EVERY;
    } catch (error) {
      wait = Math.min(wait * 2, AT_MOST);
    }
    timer = window.setTimeout(round, wait, bell);
  }

  document.addEventListener("DOMContentLoaded", function () {
    const bell = document.querySelector("[data-bell-url]");
    if (!bell) return;
    document.addEventListener("visibilitychange", function () { round(bell); });
    round(bell);
  });
})();
