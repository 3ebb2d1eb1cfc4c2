// Keeps the page true while it is open. The event stream only says that something happened; what is shown is always
// rendered by the server. Without a stream the page asks every few seconds.

const BEHIND_STREAM_MS = 30_000; // a stream may hang in a proxy: look from time to time all the same
const RECONNECT_MS = 60_000; // after the server has refused the stream
const LEAST_PAUSE_MS = 700; // several events of one block become one question

const live = () => document.getElementById("live");
const parts = new Map(); // id -> the part as the server last rendered it
let source = null;
let pollTimer = 0;
let restTimer = 0;
let changeTimer = 0;
let asking = false;
let askAgain = false;
let notBefore = 0;
let choices = 0; // made since the page was opened: what was asked before one is no news after it

function fingerprint(part) {
  const copy = part.cloneNode(true);
  // A form's token is written anew each time; a new token alone is no news, nor is the time.
  for (const token of copy.querySelectorAll("[name=csrfmiddlewaretoken]")) token.removeAttribute("value");
  // What was found of a transaction is said once, and what is typed is the customer's.
  for (const answer of copy.querySelectorAll("[data-answer]")) answer.remove();
  for (const field of copy.querySelectorAll("#transaction")) {
    for (const name of ["value", "aria-describedby", "aria-invalid"]) field.removeAttribute(name);
  }
  for (const fold of copy.querySelectorAll("details")) fold.removeAttribute("open");
  for (const clock of copy.querySelectorAll("[data-countdown]")) clock.textContent = "";
  return copy.outerHTML.replace(/\s+/g, " ");
}

function remember(root) {
  for (const part of root.querySelectorAll("[data-part]")) parts.set(part.id, fingerprint(part));
}

function askOnceMore() {
  askAgain = false;
  refresh();
}

async function refresh() {
  const wait = notBefore - performance.now();
  if (asking || wait > 0) {
    if (!askAgain) {
      askAgain = true;
      if (!asking) setTimeout(askOnceMore, wait);
    }
    return;
  }
  const since = choices;
  asking = true;
  notBefore = performance.now() + LEAST_PAUSE_MS;
  try {
    const response = await fetch(live().dataset.live, { headers: { Accept: "text/html" }, cache: "no-store" });
    const answeredAt = performance.now();
    if (response.ok) {
      const html = await response.text();
      if (since === choices) apply(html, answeredAt);
    } else if (response.status === 429 || response.status === 503) {
      notBefore = answeredAt + 1000 * (Number(response.headers.get("Retry-After")) || 10);
      askAgain = true;
    }
  } catch {
    // offline: the stream's reconnection or the next poll asks again
  } finally {
    asking = false;
    if (askAgain) askOnceMore();
  }
}

// The customer chooses what to pay in: the server's answer is the page with the new address.
async function choose(form, button) {
  choices += 1;
  form.setAttribute("aria-busy", "true");
  try {
    const body = new URLSearchParams([[button.name, button.value]]);
    const target = new URL(form.action);
    target.search = new URLSearchParams({ live: "", lang: document.documentElement.lang }); // frames keep no cookie
    const response = await fetch(target, { method: "POST", body });
    if (!response.ok) throw new Error(response.status);
    const html = await response.text();
    choices += 1;
    apply(html, performance.now());
    form.removeAttribute("aria-busy"); // it is still there when nothing has changed
    const twin = document.getElementById(button.id);
    if (twin?.ariaPressed === "true") document.getElementById("announcer").textContent = button.dataset.chosen;
    twin?.focus({ preventScroll: true });
  } catch {
    const field = document.createElement("input"); // as without a script
    Object.assign(field, { type: "hidden", name: button.name, value: button.value });
    form.append(field);
    form.submit();
  }
}

document.addEventListener("submit", (event) => {
  if (event.target.id !== "options" || !event.submitter) return;
  event.preventDefault();
  if (!event.target.hasAttribute("aria-busy")) choose(event.target, event.submitter);
});

function apply(html, answeredAt) {
  const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("live");
  if (!fresh) return;
  document.dispatchEvent(new CustomEvent("paypage:answered", { detail: { fresh } }));
  const current = live();
  const isNews = fresh.dataset.announcement !== current.dataset.announcement;
  for (const attribute of [...current.attributes]) {
    if (attribute.name.startsWith("data-") && !fresh.hasAttribute(attribute.name)) current.removeAttribute(attribute.name);
  }
  for (const attribute of fresh.attributes) current.setAttribute(attribute.name, attribute.value);
  for (const part of fresh.querySelectorAll("[data-part]")) replace(part);
  document.title = current.dataset.title.trim();
  if (isNews) {
    document.getElementById("sent")?.remove();
    document.getElementById("announcer").textContent = document.getElementById("state-title").textContent.trim();
  }
  document.dispatchEvent(new CustomEvent("paypage:changed", { detail: { answeredAt } }));
  follow();
}

function replace(part) {
  const print = fingerprint(part);
  if (parts.get(part.id) === print) return;
  parts.set(part.id, print);
  const old = document.getElementById(part.id);
  const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
  for (const element of old.querySelectorAll("details[id]")) {
    const twin = part.querySelector(`#${CSS.escape(element.id)}`);
    if (twin) twin.open = element.open;
  }
  for (const element of old.querySelectorAll("input[type=radio]:checked")) {
    const twin = part.querySelector(`#${CSS.escape(element.id)}`);
    if (twin) twin.checked = true;
  }
  for (const image of old.querySelectorAll("img")) {
    const twin = part.querySelector(`img[src="${CSS.escape(image.getAttribute("src"))}"]`);
    if (twin) twin.replaceWith(image); // it is loaded already
  }
  old.replaceWith(part);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

// Ask again when the time is up or the price is renewed, by the server's own reckoning.
function planChange() {
  clearTimeout(changeTimer);
  const seconds = Number(live().dataset.secondsToChange);
  if (seconds > 0 && seconds < 86_400) changeTimer = setTimeout(refresh, (seconds + 0.5) * 1000);
}

function mayChange() {
  return Number(live().dataset.refresh) > 0;
}

function listen() {
  source = new EventSource(live().dataset.events);
  source.onmessage = refresh;
  source.onopen = () => poll(BEHIND_STREAM_MS);
  source.onerror = () => {
    if (source.readyState !== EventSource.CLOSED) return; // the browser connects again, with Last-Event-ID
    source = null;
    poll(Number(live().dataset.refresh) * 1000);
    restTimer = setTimeout(() => {
      restTimer = 0;
      follow();
    }, RECONNECT_MS);
  };
}

function poll(pause) {
  clearInterval(pollTimer);
  if (mayChange()) pollTimer = setInterval(refresh, pause);
}

// Listen while something can still change; stop when the last word has been said.
function follow() {
  planChange();
  if (!mayChange()) {
    clearInterval(pollTimer);
    source?.close();
    source = null;
  } else if (!source && !restTimer) {
    listen();
  }
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && mayChange()) refresh();
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) refresh();
});

remember(document);
follow();
