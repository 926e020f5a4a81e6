"use strict";
// Filters the findings; without it, all of them stand there.
const form = document.getElementById("filter");
const rows = Array.from(document.querySelectorAll("#findings > li"));
const told = document.getElementById("shown");
const texts = rows.map((row) => row.textContent.toLowerCase());

function filter() {
  const words = form.elements.words.value.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = ["layer", "severity", "state"].map((name) => [name, form.elements[name].value]);
  let count = 0;
  rows.forEach((row, at) => {
    const fits = wanted.every(([name, value]) => !value || row.dataset[name] === value);
    const holds = fits && words.every((word) => texts[at].includes(word));
    row.hidden = !holds;
    count += holds ? 1 : 0;
  });
  told.textContent = `${count} of ${rows.length} findings`;
}

if (form) {
  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("reset", () => setTimeout(filter));
  form.addEventListener("submit", (event) => event.preventDefault());
  filter();
}
