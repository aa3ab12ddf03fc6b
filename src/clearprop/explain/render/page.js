"use strict";
// Moves the present line, and gives its elements in the drawings their classes. Nothing is computed here.
const steps = [...document.querySelectorAll("[data-step]")];
const controls = document.getElementById("controls");
const slider = document.getElementById("slider");
const counter = document.getElementById("counter");
const drawings = ["network", "matrices", "graph"];
const between = counter.textContent.split(" ")[1];

// In each drawing, the elements of an id; a label lights up with what it labels.
const places = new Map(drawings.map((drawing) => [drawing, new Map()]));
for (const drawing of drawings) {
  for (const one of document.querySelectorAll(`[data-drawing="${drawing}"] [data-id]`)) {
    const id = one.dataset.id.replace(/ label$/, "");
    const known = places.get(drawing);
    known.set(id, [...(known.get(id) ?? []), one]);
  }
}
const marks = (step, drawing) => (step.dataset[drawing] ? step.dataset[drawing].split(";").map((one) => one.split(/:(.*)/)) : []);

// Before a number is computed it is not shown.
const first = new Map();
steps.forEach((step, number) => {
  for (const [mark, id] of marks(step, "matrices")) {
    if (mark === "computed") first.set(id, first.get(id) ?? number);
  }
});

let present = 0;
let lit = [];

function show(number) {
  present = Math.max(0, Math.min(number, steps.length - 1));
  for (const one of lit) one.classList.remove("used", "computed");
  lit = [];
  for (const drawing of drawings) {
    const known = places.get(drawing);
    for (const [mark, id] of marks(steps[present], drawing)) {
      for (const one of known.get(id) ?? []) {
        one.classList.add(mark);
        lit.push(one);
      }
    }
    for (const [id, number] of first) {
      for (const one of known.get(id) ?? []) one.classList.toggle("later", number > present);
    }
  }
  steps.forEach((step, number) => {
    if (number === present) step.setAttribute("aria-current", "step");
    else step.removeAttribute("aria-current");
  });
  slider.value = present;
  counter.textContent = `${present + 1} ${between} ${steps.length}`;
  document.getElementById("previous").disabled = present === 0;
  document.getElementById("next").disabled = present === steps.length - 1;
  for (const drawing of drawings) reveal(drawing);
}
for (const choice of document.querySelectorAll(".choices input")) {
  choice.addEventListener("change", () => drawings.forEach(reveal));
}

// Scrolls a drawing's own frame, never the page, until what is being computed is seen.
function reveal(drawing) {
  const frame = document.querySelector(`[data-drawing="${drawing}"] .frame`);
  const one = frame?.querySelector(".computed");
  if (!one) return;
  const [inner, outer] = [one.getBoundingClientRect(), frame.getBoundingClientRect()];
  if (outer.top > inner.top || inner.bottom > outer.bottom) frame.scrollTop += inner.top - outer.top - outer.height / 3;
  if (outer.left > inner.left || inner.right > outer.right) frame.scrollLeft += inner.left - outer.left - outer.width / 3;
}

function go(number) {
  show(number);
  steps[present].scrollIntoView({ block: "nearest" });
}

const keys = {
  ArrowLeft: () => present - 1,
  ArrowRight: () => present + 1,
  ArrowUp: () => present - 1,
  ArrowDown: () => present + 1,
  Home: () => 0,
  End: () => steps.length - 1,
};
document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (event.target.matches("input") || !(event.key in keys)) return;
  event.preventDefault();
  go(keys[event.key]());
});
document.getElementById("previous").addEventListener("click", () => go(present - 1));
document.getElementById("next").addEventListener("click", () => go(present + 1));
slider.addEventListener("input", () => go(Number(slider.value)));
steps.forEach((step, number) => step.addEventListener("click", () => show(number)));
document.documentElement.classList.add("stepping");
controls.hidden = false;
show(0);
