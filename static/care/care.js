/* Two small helps; every page works without them. A form marked data-once is sent once. A part
   marked data-live asks for itself every ten seconds, only while it is looked at. */
(function () {
  "use strict";
  const EVERY = 10000;
  const AT_MOST = 300000;

  document.addEventListener("submit", function (event) {
    const form = event.target;
    if (!form.matches("[data-once]")) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    form.querySelectorAll("button").forEach(function (b) { b.setAttribute("aria-disabled", "true"); });
  });
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("[data-once]").forEach(function (form) {
      delete form.dataset.sent;
      form.querySelectorAll("button").forEach(function (b) { b.removeAttribute("aria-disabled"); });
    });
  });

  const live = document.querySelector("[data-live]");
  if (!live) return;
  const says = document.querySelector(".says");
  let etag = live.dataset.etag ? '"' + live.dataset.etag + '"' : "";
  let wait = EVERY;
  let timer = 0;

  const words = JSON.parse(live.dataset.words || "{}");

  /* As looks.left says it on the server. */
  function spoken(left) {
    const minutes = Math.abs(left);
    const days = Math.floor(minutes / 1440);
    const hours = Math.floor((minutes % 1440) / 60);
    const text = (days ? words.days : hours ? words.hours : words.minutes)
      .replace("%(days)d", days).replace("%(hours)d", hours).replace("%(minutes)d", minutes % 60);
    return left < 0 ? words.overdue.replace("%(span)s", text) : text;
  }

  function count() {
    live.querySelectorAll("[data-wanted]").forEach(function (cell) {
      if (!cell.dataset.wanted) return;
      cell.textContent = spoken(Math.floor((cell.dataset.wanted * 1000 - Date.now()) / 60000));
    });
  }

  async function ask() {
    const headers = etag ? { "If-None-Match": etag } : {};
    const response = await fetch(live.dataset.live, { headers: headers, credentials: "same-origin" });
    if (response.status !== 304) {
      if (!response.ok || response.redirected) throw new Error(String(response.status));
      etag = response.headers.get("ETag") || "";
      live.innerHTML = await response.text();
    }
    says.textContent = "";
  }

  async function round() {
    window.clearTimeout(timer);
    if (document.hidden) return;
    try {
      await ask();
      wait = EVERY;
    } catch (error) {
      wait = Math.min(wait * 2, AT_MOST);
      if (!says.textContent) says.textContent = live.dataset.offline;
    }
    count();
    timer = window.setTimeout(round, wait);
  }

  document.addEventListener("visibilitychange", round);
  timer = window.setTimeout(round, EVERY);
})();
