// The step: its question, its formula with the numbers put in, and its matrices.
import { make, parsed, put } from "./dom.js";
import { Lighting } from "./lighting.js";
import { say } from "./words.js";

const NAMES = { given: "given", forward: "forward", loss: "phase_loss", backward: "backward", update: "update" };

// Shows a step in its card; with `asked`, without its result.
export function showStep(card, step, place, count, asked) {
  if (!step) return put(card);
  const where = [say("step_of", { place: place + 1, count }), say(NAMES[step.phase] ?? "given"), step.heading].filter(Boolean).join(" · ");
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

// While it trains there is no step to see.
export function showRunning(card, spread) {
  put(
    card,
    make("h2", {}, say("running_title")),
    make("p", { class: "place" }, say("running")),
    spread && make("div", { class: "chart" }, parsed(spread)),
  );
}

const math = (inner) => parsed(`<math>${inner}</math>`);

function chain(step, asked) {
  const links = step.links.filter((link) => !asked || link.kind === "formula");
  const line = make("div", { class: "chain", role: "math", "aria-label": asked ? step.name : step.spoken }, make("span", { class: "of" }, math(step.of)));
  for (const link of links) line.append(make("span", { class: `link ${link.kind}` }, math("<mo>=</mo>"), make("span", { class: "put" }, math(link.mathml))));
  if (asked) line.append(make("span", { class: "link result" }, math("<mo>=</mo>"), make("span", { class: "put" }, math("<mi>?</mi>"))));
  if (step.note) line.append(make("span", { class: "muted" }, step.note));
  return line;
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

