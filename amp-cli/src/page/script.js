"use strict";
const nav = document.querySelector("nav");
const field = document.querySelector("#search");
const count = document.querySelector("#count");
const entries = [...document.querySelectorAll(".entry")];
const folded = [...document.querySelectorAll("details")];
const began = folded.map((one) => one.open);
const texts = entries.map((entry) => entry.textContent.toLowerCase());
function search() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  entries.forEach((entry, index) => {
    const fits = words.every((word) => texts[index].includes(word));
    entry.hidden = !fits;
    found += fits ? 1 : 0;
    if (words.length && fits && entry.localName === "details") entry.open = true;
  });
  if (!words.length) folded.forEach((one, index) => { one.open = began[index]; });
  count.textContent = words.length ? `${found} of ${entries.length}` : "";
}
field.addEventListener("input", search);
document.querySelector("#unfold").addEventListener("click", () => {
  const open = folded.some((one) => !one.open);
  folded.forEach((one) => { one.open = open; });
});
addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== field) {
    event.preventDefault();
    field.focus();
  } else if (event.key === "Escape" && document.activeElement === field) {
    field.value = "";
    search();
    field.blur();
  }
});
nav.hidden = false;
