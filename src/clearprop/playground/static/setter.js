// Setting a weight or a bias by hand: whatever stands for one in a drawing opens a small form over itself.
import { button, draw, find, make } from "./dom.js";
import { say } from "./words.js";

const bare = (element) => element.dataset.id.replace(/ label$/, "");
const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

export class Setter {
  // `frame` holds the drawings; `onset(id, text)` is told the new value.
  constructor(frame, onset) {
    this.frame = frame;
    this.onset = onset;
    this.parameters = {};
    frame.addEventListener("click", (event) => this.open(event.target.closest(".can-set")));
    frame.addEventListener("keydown", (event) => this.move(event));
  }

  // New drawings are in the frame. `parameters` are the name and the value of what can be set, by id.
  prepare(parameters) {
    this.parameters = parameters;
    const stops = this.find();
    for (const one of stops) {
      const { name, text } = parameters[bare(one)];
      one.classList.add("can-set");
      one.setAttribute("role", "button");
      one.setAttribute("tabindex", "-1");
      one.setAttribute("aria-label", say("set_it", { name: `${name} = ${text}` }));
      one.closest("svg").setAttribute("role", "group"); // no image: it has parts
      const line = one.querySelector(":scope > line");
      if (line && !one.querySelector(".hit")) one.append(draw("line", { ...ends(line), class: "hit" }));
    }
    const first = stops.find((one) => one.dataset.id === this.last) ?? stops[0];
    first?.setAttribute("tabindex", "0");
    return stops;
  }

  // One element for each parameter: the label of a weight rather than its line.
  find() {
    const all = [...this.frame.querySelectorAll("[data-id]")].filter((one) => bare(one) in this.parameters);
    const labelled = new Set(all.filter((one) => one.dataset.id.endsWith(" label")).map(bare));
    return all.filter((one) => (one.dataset.id.endsWith(" label") || !labelled.has(bare(one))) && !one.querySelector("[data-id]"));
  }

  stops() {
    return [...this.frame.querySelectorAll(".can-set")];
  }

  move(event) {
    const here = event.target.closest(".can-set");
    if (!here || event.altKey || event.ctrlKey || event.metaKey) return;
    const stops = this.stops();
    let to;
    if (event.key in STEPS) to = (stops.indexOf(here) + STEPS[event.key] + stops.length) % stops.length;
    else if (event.key === "Home") to = 0;
    else if (event.key === "End") to = stops.length - 1;
    else if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    if (to === undefined) return this.open(here);
    here.setAttribute("tabindex", "-1");
    stops[to].setAttribute("tabindex", "0");
    stops[to].focus();
    this.last = stops[to].dataset.id;
  }

  open(element) {
    find("setter")?.remove();
    if (!element) return;
    const id = bare(element);
    const { name, text } = this.parameters[id];
    this.last = element.dataset.id;
    const input = make("input", {
      type: "text", value: text, inputMode: "decimal", autocomplete: "off", spellcheck: false, "aria-label": say("value_of", { name }),
    });
    const close = () => {
      form.remove();
      this.stops().find((one) => one.dataset.id === this.last)?.focus();
    };
    const submit = (event) => {
      event.preventDefault();
      this.onset(id, input.value.trim());
      close();
    };
    const keydown = (event) => {
      event.stopPropagation();
      if (event.key === "Escape") close();
    };
    const focusout = (event) => event.relatedTarget === null || form.contains(event.relatedTarget) || form.remove();
    const form = make(
      "form",
      { id: "setter", onsubmit: submit, onkeydown: keydown, onfocusout: focusout },
      make("label", {}, name),
      input,
      make("button", { class: "main" }, say("set")),
      button(say("close"), { quiet: true, class: "square", onclick: close }, "close"),
    );
    this.frame.closest("section").append(form);
    this.place(form, element);
    input.focus();
    input.select();
  }

  // Over its element, and within the window.
  place(form, element) {
    const box = element.getBoundingClientRect();
    const half = [form.offsetWidth / 2 + 4, form.offsetHeight / 2 + 4];
    const within = (at, margin, size) => Math.max(margin, Math.min(size - margin, at));
    form.style.left = `${within(box.left + box.width / 2, half[0], innerWidth)}px`;
    form.style.top = `${within(box.top + box.height / 2, half[1], innerHeight)}px`;
  }
}

const ends = (line) => Object.fromEntries(["x1", "y1", "x2", "y2"].map((name) => [name, line.getAttribute(name)]));
