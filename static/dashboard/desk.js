/* What makes the merchant's pages nicer where scripts run. Every page works without this file. */
"use strict";

(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const known = document.cookie.split("; ").includes(`zone=${zone}`);
  if (zone && !known) {
    document.cookie = `zone=${zone}; Path=/dashboard; Max-Age=31536000; SameSite=Lax`;
  }

  // Buttons that copy are of no use without scripts, so they are hidden until now.
  const reveal = (root) => {
    if (navigator.clipboard) {
      root.querySelectorAll("[data-copy][hidden]").forEach((button) => button.removeAttribute("hidden"));
    }
  };

  const copy = async (button) => {
    const said = button.querySelector(".copy-said");
    const before = said ? said.textContent : "";
    await navigator.clipboard.writeText(button.dataset.copy);
    button.classList.add("is-done");
    if (said) {
      said.setAttribute("role", "status");
      said.textContent = button.dataset.done;
      said.classList.remove("visually-hidden");
    }
    setTimeout(() => {
      button.classList.remove("is-done");
      if (said) {
        said.textContent = before;
        said.classList.add("visually-hidden");
        said.removeAttribute("role");
      }
    }, 2000);
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) {
      copy(button);
    }
    document.querySelectorAll("details[data-closes][open]").forEach((details) => {
      if (!details.contains(event.target)) {
        details.open = false;
      }
    });
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") {
      return;
    }
    const open = [...document.querySelectorAll("details[data-closes][open]")].pop();
    if (open) {
      open.open = false;
      open.querySelector("summary").focus();
    }
  });

  // A refused part of a page: let the whole page say why.
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.requestConfig.verb === "get") {
      location.assign(event.detail.pathInfo.finalRequestPath);
    } else {
      location.reload();
    }
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    reveal(event.detail.target);
    document.querySelector("[data-focus]")?.focus();
    document.querySelector("[data-focus]")?.removeAttribute("data-focus");
  });
  reveal(document);
})();
