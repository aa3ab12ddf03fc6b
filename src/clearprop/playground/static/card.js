// The step: its question, its formula with the numbers put in, and its matrices.
import { make, parsed, put } from "./dom.js";
import { Lighting } from "./lighting.js";
import { say } from "./words.js";

// Shows a step in its card; with `asked`, without its result.
export function showStep(card, step, place, count, asked) {
  if (!step) return put(card);
  const where = [say("step_of", { place: place + 1, count }), step.heading].join(" · ");
  put(
    card,
    make("h2", { id: "question" }, step.title),
    make("p", { class: "place" }, make("i", { class: `phase ${step.phase}` }), where),
    step.given ? given(step.given) : chain(step, asked),
    drawings(step, asked),
    make("p", { class: "words" }, step.words.join(" ")),
    !step.given && make("p", { class: "legend" }, make("span", { class: "is-used" }, say("used")), make("span", { class: "is-computed" }, say("computed"))),
  );
}

const math = (inner) => parsed(`<math>${inner}</math>`);

function chain(step, asked) {
  const links = step.links.filter((link) => !asked || link.kind === "formula");
  const line = make("div", { class: "chain", role: "math", "aria-label": asked ? step.name : step.spoken }, make("span", { class: "of" }, math(step.of)));
  const link = (kind, mathml) =>
    make("span", { class: `link ${kind}` }, make("span", { class: "equals" }, math("<mo>=</mo>")), make("span", { class: "put" }, terms(mathml)));
  line.append(...links.map(({ kind, mathml }) => link(kind, mathml)));
  if (asked) line.append(link("result", "<mi>?</mi>"));
  if (step.note) line.append(make("span", { class: "muted" }, step.note));
  return line;
}

// A formula in pieces, one a term, so that a long sum breaks before a plus or a minus.
function terms(mathml) {
  const [whole] = math(mathml);
  const pieces = [];
  let depth = 0;
  for (const child of [...whole.children]) {
    const sign = child.localName === "mo" ? child.textContent : "";
    const breaks = depth === 0 && (sign === "+" || sign === "−") && child.previousElementSibling;
    if (breaks || !pieces.length) pieces.push(document.createElementNS(whole.namespaceURI, "math"), make("wbr"));
    if (sign === "(") depth += 1;
    if (sign === ")") depth -= 1;
    pieces.at(-2).append(child.cloneNode(true));
  }
  return pieces;
}

function given(groups) {
  return make(
    "dl",
    { class: "given" },
    groups.map((one) => make("div", {}, make("dt", {}, one.label), make("dd", {}, one.values.map((value) => make("span", {}, math(value)))))),
  );
}

function drawings(step, asked) {
  if (!step.drawings?.length) return null;
  const holder = make("div", { class: "matrices", role: "group", "aria-label": say("matrices") }, step.drawings.map(parsed));
  const lighting = new Lighting(holder);
  lighting.show(step.matrices);
  lighting.hide(step.later ?? {}, 0);
  if (asked) lighting.ask(step.id);
  return holder;
}

