/* Crypto Checkout within your shop: docs/embedding.md. What the browser says is news, no proof: deliver on the webhook. */
(() => {
  "use strict";
  const FROM = { source: "crypto-checkout", version: 1 };
  const PATIENCE = 10000; // ms until a frame that says nothing gives way to a link
  const home = new URL(document.currentScript?.src || location.href).origin;
  const STYLE = `
dialog { width: min(32rem, 100%); max-width: none; max-height: 100dvh; padding: 0; border: 0; border-radius: 1rem;
  overflow: hidden; background: Canvas; color: CanvasText; color-scheme: light dark; }
dialog::backdrop { background: rgb(10 14 22 / 60%); }
button { display: block; width: 2.75rem; height: 2.75rem; margin-inline-start: auto; border: 0; background: none;
  color: inherit; font: 1.5rem/1 sans-serif; cursor: pointer; }
button:focus-visible { outline: 3px solid; outline-offset: -4px; }
iframe { display: block; width: 100%; height: 32rem; max-height: calc(100dvh - 2.75rem); border: 0; }
p { padding: 2rem; font: 1rem/1.5 sans-serif; text-align: center; }
@media (prefers-reduced-motion: no-preference) { dialog { animation: come 0.16s; } }
@keyframes come { from { opacity: 0; transform: translateY(0.75rem); } }`;
  let shown = null; // the modal that is open

  const make = (name, properties) => Object.assign(document.createElement(name), properties);

  function place({ invoice, link, origin, lang }) {
    if (!invoice && !link) throw new TypeError("CryptoCheckout: name an invoice or a link");
    const at = origin ? new URL(origin).origin : home;
    const path = invoice ? `/invoice/${encodeURIComponent(invoice)}` : `/l/${encodeURIComponent(link)}`;
    const query = lang ? `?lang=${encodeURIComponent(lang)}` : "";
    return { origin: at, page: at + path + query, embed: `${at}/embed${path}${query}` };
  }

  // A frame and the one door to it: only what comes from its window and from its origin is heard.
  function connect(order, target, onMessage) {
    const { origin, page, embed } = place(order);
    const listeners = [];
    const frame = make("iframe", { src: embed, title: "Crypto Checkout", referrerPolicy: "no-referrer" });
    frame.allow = `clipboard-write ${origin}`;
    const tell = (event) => {
      for (const [type, listener] of listeners) if (type === event.type || type === "*") listener(event);
      target.dispatchEvent(new CustomEvent("crypto-checkout", { bubbles: true, detail: event }));
    };
    const hear = ({ origin: from, source, data }) => {
      if (from !== origin || source !== frame.contentWindow) return;
      if (data?.source !== FROM.source || data.version !== FROM.version) return;
      clearTimeout(timer);
      if (data.type === "resize") frame.style.height = `${Number(data.height)}px`;
      onMessage?.(data);
      if (data.type !== "escape") tell(data);
    };
    const timer = setTimeout(() => {
      const link = make("a", { href: page, target: "_blank", rel: "noopener" });
      link.textContent = order.linkText || "Open the payment page";
      const text = make("p");
      text.append(link);
      frame.replaceWith(text);
    }, PATIENCE);
    window.addEventListener("message", hear);
    frame.addEventListener("load", () => frame.contentWindow?.postMessage({ ...FROM, type: "hello" }, origin));
    const end = () => {
      clearTimeout(timer);
      window.removeEventListener("message", hear);
      frame.remove();
    };
    const on = (type, listener) => listeners.push([type, listener]);
    return { frame, on, tell, end };
  }

  function open(order, target = document) {
    if (shown) return shown;
    if (!window.HTMLDialogElement) {
      location.assign(place(order).page);
      return null;
    }
    const root = document.documentElement;
    const host = make("div");
    const shadow = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    shadow.adoptedStyleSheets = [sheet];
    const dialog = make("dialog", { ariaLabel: "Crypto Checkout" });
    const button = make("button", { type: "button", textContent: "\u00d7", ariaLabel: "Close" });
    const close = () => dialog.close();
    let last = {};
    const door = connect(order, target, (data) => {
      if (data.type === "ready") [dialog.ariaLabel, button.ariaLabel] = [data.title, data.close];
      if (data.status) last = { invoice: data.invoice, status: data.status };
      if (data.type === "escape") close();
    });
    const { overflow } = root.style;
    dialog.addEventListener("click", (event) => event.target === dialog && close());
    dialog.addEventListener("close", () => {
      door.end();
      host.remove();
      root.style.overflow = overflow;
      shown = null;
      door.tell({ ...FROM, type: "closed", ...last });
    });
    button.addEventListener("click", close);
    dialog.append(button, door.frame);
    shadow.append(dialog);
    document.body.append(host);
    root.style.overflow = "hidden";
    dialog.showModal();
    shown = { close, on: door.on };
    return shown;
  }

  function mount(element, order) {
    const { frame, on, end: close } = connect(order, element);
    Object.assign(frame.style, { display: "block", width: "100%", height: "40rem", border: "0" });
    element.append(frame);
    return { close, on };
  }

  document.addEventListener("click", (event) => {
    const target = event.target.closest?.("[data-crypto-checkout-link], [data-crypto-checkout-invoice]");
    if (!target || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const { cryptoCheckoutLink: link, cryptoCheckoutInvoice: invoice, cryptoCheckoutLang: lang } = target.dataset;
    open({ link, invoice, lang }, target);
  });

  window.CryptoCheckout = Object.freeze({ open, mount });
})();
