/* Shows what is being filled in, as it would look. Without this file the button does. */
"use strict";

(() => {
  const form = document.querySelector("[data-preview]");
  const button = document.getElementById("show-preview");
  if (!form || !button) {
    return;
  }

  // Each look gets a frame of its own: an answer in the old one would be a step for the browser's "back".
  let looks = 0;
  const look = () => {
    const before = form.querySelectorAll("iframe");
    const fresh = before[0].cloneNode();
    looks += 1;
    fresh.removeAttribute("src");
    fresh.name = `${form.dataset.preview}-${looks}`;
    fresh.classList.add("is-coming");
    before[before.length - 1].after(fresh);
    fresh.addEventListener("load", () => {
      fresh.classList.remove("is-coming");
      before.forEach((old) => old.remove());
    });
    button.formTarget = fresh.name;
    form.requestSubmit(button);
  };

  let timer = 0;
  form.addEventListener("input", (event) => {
    if (event.target.name === "screen") {
      return;
    }
    clearTimeout(timer);
    timer = setTimeout(look, 400);
  });
  button.hidden = true;
})();
