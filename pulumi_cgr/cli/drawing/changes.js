"use strict";
const inputs = ["image", "package"].map((id) => document.getElementById(id));
const sections = [...document.querySelectorAll("section[data-image]")];

function filter() {
  const [image, name] = inputs.map((input) => input.value.trim().toLowerCase());
  const shown = new Set();
  for (const section of sections) {
    const rows = [...section.querySelectorAll("tr[data-package]")];
    for (const row of rows) row.classList.toggle("match", name !== "" && row.dataset.package.includes(name));
    const fits = section.dataset.image.includes(image) && (name === "" || rows.some((row) => row.matches(".match")));
    section.hidden = !fits;
    if (fits) shown.add(section.dataset.image);
  }
  for (const row of document.querySelectorAll(".row")) row.classList.toggle("other", !shown.has(row.dataset.image));
  document.getElementById("shown").value = shown.size + " of " + sections.length + " images";
}

function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  for (const input of inputs) input.value = given.get(input.id) || "";
  filter();
}

for (const input of inputs) {
  input.addEventListener("input", () => {
    const given = new URLSearchParams();
    for (const each of inputs) if (each.value) given.set(each.id, each.value);
    history.replaceState(null, "", "#" + given);
    filter();
  });
}
document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
addEventListener("hashchange", readAddress);
readAddress();
