// Tells the shop's page around this frame what happens here: only a parent that has said hello, and whose origin the
// merchant has allowed. Browsers vouch for an event's origin; nothing is ever sent to anybody else.

const SOURCE = "crypto-checkout";
const VERSION = 1;
const ENDS = ["paid", "expired", "cancelled"];

const about = document.querySelector("meta[name=embedding]");
const allowed = about.content.split(" ").filter(Boolean);
let peer = ""; // the origin of the parent, once it is proven
let told = ""; // the last status the parent heard of

function tell(type, more = {}) {
  if (peer) window.parent.postMessage({ source: SOURCE, version: VERSION, type, invoice: about.dataset.invoice, ...more }, peer);
}

function tellStatus() {
  const status = document.getElementById("live")?.dataset.state ?? "";
  if (!peer || !status || status === told) return;
  told = status;
  tell("status", { status });
  if (ENDS.includes(status)) tell(status, { status });
}

function tellHeight() {
  tell("resize", { height: Math.ceil(document.body.getBoundingClientRect().height) });
}

window.addEventListener("message", (event) => {
  const { data } = event;
  if (window.parent === window || event.source !== window.parent || !allowed.includes(event.origin)) return;
  if (data?.source !== SOURCE || data.version !== VERSION || data.type !== "hello") return;
  peer = event.origin;
  told = "";
  tell("ready", { title: document.title, close: about.dataset.close });
  tellHeight();
  tellStatus();
});

document.addEventListener("paypage:changed", tellStatus);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.defaultPrevented) tell("escape");
});

// A frame of another site has no cookie to keep the language in.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || link.origin !== location.origin || new URLSearchParams(link.search).has("lang")) return;
  const target = new URL(link.href);
  target.searchParams.set("lang", document.documentElement.lang);
  link.href = target;
});
window.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return; // live.js sends it, and names the language itself
  const target = new URL(event.target.action);
  target.searchParams.set("lang", document.documentElement.lang);
  event.target.action = target;
});

new ResizeObserver(tellHeight).observe(document.body);
