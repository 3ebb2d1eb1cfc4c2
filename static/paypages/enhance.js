// What JavaScript adds to the page as it stands: copying, a running clock, local times, the way back to the shop.
// Listens for "paypage:changed", which live.js sends after it has replaced a part of the page.

const page = () => document.getElementById("live");
const SOON_SECONDS = 120;

// The clock runs from the server's answer, so a wrong clock on the customer's device does not matter.
let answeredAt = performance.now();
let lastClockText = "";

function secondsSinceAnswer() {
  return (performance.now() - answeredAt) / 1000;
}

function clockText(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  const pad = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = pad(whole % 60);
  return hours ? `${hours}:${pad(minutes)}:${rest}` : `${minutes}:${rest}`;
}

function showClock() {
  const face = document.querySelector("[data-countdown]");
  if (!face) return;
  const left = Number(page().dataset.secondsLeft) - secondsSinceAnswer();
  const text = clockText(left);
  if (text !== lastClockText || face.textContent !== text) face.textContent = text;
  lastClockText = text;
  face.classList.toggle("clock-soon", left <= SOON_SECONDS);
}

function showLocalTimes() {
  const language = document.documentElement.lang || undefined;
  const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short", numberingSystem: "latn" });
  const clock = new Intl.DateTimeFormat(language, { timeStyle: "short", numberingSystem: "latn" });
  for (const element of document.querySelectorAll("time[data-moment], time[data-clock]")) {
    const format = element.hasAttribute("data-moment") ? moment : clock;
    const time = new Date(element.dateTime);
    if (!Number.isNaN(time.getTime())) element.textContent = format.format(time);
  }
}

async function copy(button) {
  const text = button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyBySelection(text); // no clipboard without HTTPS, or the browser forbids it
  }
  const label = button.querySelector("[data-copy-label]");
  const before = label.textContent;
  if (button.classList.contains("copied")) return;
  button.classList.add("copied");
  label.textContent = button.dataset.copied;
  announce(button.dataset.copied);
  setTimeout(() => {
    button.classList.remove("copied");
    label.textContent = before;
  }, 2000);
}

function copyBySelection(text) {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

function announce(text) {
  const announcer = document.getElementById("announcer");
  announcer.textContent = "";
  requestAnimationFrame(() => {
    announcer.textContent = text;
  });
}

// Back to the shop: counted from the moment "paid" was first shown, and only until somebody says no.
let leavesAt = 0;
let staysHere = new URLSearchParams(location.search).has("stay") || hasLeftBefore();

// Whoever comes back with the browser's "back" wants to read, not to be sent away once more.
function hasLeftBefore() {
  try {
    return sessionStorage.getItem(location.pathname) === "left";
  } catch {
    return false;
  }
}

function leave() {
  staysHere = true;
  try {
    sessionStorage.setItem(location.pathname, "left");
  } catch {
    // no storage: then they are sent once more, and can stop it
  }
  location.assign(page().dataset.redirect);
}

function planReturn() {
  const { redirect, redirectSeconds } = page().dataset;
  if (!redirect || staysHere) {
    leavesAt = 0;
  } else if (!leavesAt) {
    leavesAt = performance.now() + Number(redirectSeconds) * 1000;
  }
  const box = document.querySelector("[data-redirect-box]");
  if (box) box.hidden = !leavesAt;
}

function countReturn() {
  if (!leavesAt) return;
  const left = leavesAt - performance.now();
  const count = document.querySelector("[data-redirect-count]");
  if (count) count.textContent = String(Math.max(0, Math.ceil(left / 1000)));
  if (left <= 0) {
    leavesAt = 0;
    leave();
  }
}

document.addEventListener("click", (event) => {
  const shown = event.target.closest("[data-copies]"); // whoever clicks the amount itself wants it, too
  const copyButton = event.target.closest("[data-copy]") ?? (shown && document.getElementById(shown.dataset.copies));
  if (copyButton) copy(copyButton);
  if (event.target.closest("[data-redirect-stop]")) {
    event.preventDefault();
    staysHere = true;
    planReturn();
    document.getElementById("return")?.focus();
  }
});

function enhance() {
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
  for (const shown of document.querySelectorAll("[data-copies]")) shown.classList.add("copies");
  showLocalTimes();
  showClock();
  planReturn();
  loadWallets();
}

// Only where a wallet in the browser can pay, which may change while the page is open.
function loadWallets() {
  const script = document.getElementById("wallets")?.dataset.script;
  if (script) import(script).catch(() => {}); // without it the page is as good as without a wallet
}

document.addEventListener("paypage:changed", (event) => {
  answeredAt = event.detail.answeredAt;
  enhance();
});

setInterval(() => {
  showClock();
  countReturn();
}, 250);

// A reload shows the invoice, not once more what a form was answered.
if (/[?&](sent|option)=/.test(location.search) || location.pathname !== page().dataset.path) {
  const lang = new URLSearchParams(location.search).get("lang");
  const query = lang ? `?${new URLSearchParams({ lang })}` : "";
  history.replaceState(null, "", page().dataset.path + query + location.hash);
}
enhance();
