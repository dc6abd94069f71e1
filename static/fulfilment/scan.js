// Sends each step in the background, shows the answer in place, and keeps the input focused, so
// that a keyboard-wedge scanner can fire without looking. Without this script every form works
// as an ordinary page.
"use strict";

let queue = Promise.resolve();

function sound(ok) {
  const Context = window.AudioContext || window.webkitAudioContext;
  if (!Context) return;
  sound.context ||= new Context();
  const tone = sound.context.createOscillator();
  tone.frequency.value = ok ? 1320 : 220;
  tone.type = ok ? "sine" : "square";
  tone.connect(sound.context.destination);
  tone.start();
  tone.stop(sound.context.currentTime + (ok ? 0.08 : 0.6));
  if (!ok && navigator.vibrate) navigator.vibrate([200, 100, 200]);
}

function say(texts, kind) {
  const region = document.getElementById("messages");
  region.replaceChildren(
    ...texts.map((text) => {
      const line = document.createElement("p");
      line.className = `message ${kind}`;
      line.textContent = text;
      return line;
    }),
  );
}

function focusInput() {
  const input = document.getElementById("code");
  const waybill = document.getElementById("waybill");
  (waybill && !waybill.value ? waybill : input)?.focus({ preventScroll: true });
}

function withoutPrint(url) {
  const address = new URL(url);
  address.searchParams.delete("print");
  return address.href;
}

function show(html, url) {
  const answer = new DOMParser().parseFromString(html, "text/html");
  const page = answer.getElementById("page");
  if (!page) {
    window.location.href = url; // signed out, or an error page
    return;
  }
  document.title = answer.title;
  document.getElementById("page").replaceWith(page);
  const region = document.getElementById("messages");
  region.replaceChildren(...answer.getElementById("messages").children);
  history.replaceState(null, "", withoutPrint(url));
  if (region.children.length) sound(!region.querySelector(".error"));
  openLabel();
  focusInput();
}

function openLabel() {
  const link = document.querySelector("a[data-open]");
  if (link) window.open(link.href, "_blank", "noopener");
}

// The form is looked up again when its turn comes: the step before may have moved the version.
async function send(action, typed) {
  const form = [...document.forms].find((one) => one.getAttribute("action") === action);
  if (!form) return;
  const data = new FormData(form);
  for (const [name, value] of typed) data.set(name, value);
  try {
    const answer = await fetch(action, { method: "POST", body: data, credentials: "same-origin" });
    show(await answer.text(), answer.url);
  } catch {
    say([document.body.dataset.offline], "error");
    sound(false);
    focusInput();
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.hasAttribute("data-live")) return;
  event.preventDefault();
  const fixed = new Set(["csrfmiddlewaretoken", "seen", "after", "read"]);
  const typed = [...new FormData(form)].filter(([name]) => !fixed.has(name));
  if (form.hasAttribute("data-scan")) form.elements.code.value = "";
  const action = form.getAttribute("action");
  queue = queue.then(() => send(action, typed));
});

document.addEventListener("click", (event) => {
  if (!event.target.closest("a, button, input, select, label, summary, form")) focusInput();
});

openLabel();
focusInput();
