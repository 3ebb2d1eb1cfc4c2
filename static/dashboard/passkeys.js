/* Beside allauth's scripts for passkeys: shows what needs scripts, and says when a passkey was not used. */
"use strict";

(() => {
  if (window.PublicKeyCredential) {
    document.querySelectorAll("[data-needs-script][hidden]").forEach((part) => part.removeAttribute("hidden"));
  }
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    const problem = document.querySelector("[data-passkey-problem]");
    if (problem) {
      problem.removeAttribute("hidden");
    }
  });
})();
