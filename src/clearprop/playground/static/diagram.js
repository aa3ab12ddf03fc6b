// The network: drawn by the server, lit here; a weight or a bias that is clicked can be set.
import { button, find, make, parsed, put } from "./dom.js";
import { Lighting } from "./lighting.js";
import { say } from "./words.js";

const PARAMETER = /^(W\d+\[\d+->\d+\]|b\d+(\[\d+\])?)$/;
const bare = (element) => element.dataset.id.replace(/ label$/, "");

export class Diagram {
  // `onset(id, text)` is told the new value of a parameter.
  constructor(holder, onset) {
    this.holder = holder;
    this.onset = onset;
    this.frame = make("div", { class: "frame" });
    this.hint = make("p", {});
    this.facts = make("span", { class: "facts" });
    holder.replaceChildren(make("div", { class: "hint" }, this.hint, this.facts), this.frame);
    this.lighting = new Lighting(this.frame);
    this.frame.addEventListener("click", (event) => this.open(event.target.closest(".can-set")));
    this.frame.addEventListener("keydown", (event) => this.move(event));
  }

  // While it trains: only the numbers, nothing to set.
  watch(svg) {
    find("setter")?.remove();
    put(this.frame, parsed(svg));
    this.hint.textContent = "";
  }

  // A new drawing. `parameters` are the name and the value of what can be set, by id.
  draw(svg, parameters) {
    const chosen = this.frame.querySelector('[tabindex="0"]')?.dataset.id;
    const focused = this.frame.contains(document.activeElement);
    this.parameters = parameters;
    put(this.frame, parsed(svg));
    const drawing = this.frame.firstElementChild;
    drawing?.setAttribute("role", "group");
    drawing?.setAttribute("aria-label", say("diagram_name"));
    this.lighting = new Lighting(this.frame);
    const stops = this.stops();
    const written = stops.some((one) => one.matches(".label, .tag"));
    this.hint.textContent = stops.length ? say(written ? "diagram_hint" : "diagram_many") : "";
    for (const one of stops) {
      one.classList.add("can-set");
      one.setAttribute("role", "button");
      one.setAttribute("tabindex", "-1");
      const known = parameters[bare(one)];
      one.setAttribute("aria-label", say("set_it", { name: known ? `${known.name} = ${known.text}` : one.textContent.trim() }));
    }
    const first = stops.find((one) => one.dataset.id === chosen) ?? stops[0];
    first?.setAttribute("tabindex", "0");
    if (focused) first?.focus();
  }

  // What can be set: the labels of weights, else their lines, and the tags of biases.
  stops() {
    const all = [...this.frame.querySelectorAll("[data-id]")].filter((one) => PARAMETER.test(bare(one)) && bare(one) in this.parameters);
    const labelled = new Set(all.filter((one) => one.dataset.id.endsWith(" label")).map(bare));
    return all.filter((one) => one.dataset.id.endsWith(" label") || !labelled.has(bare(one)));
  }

  move(event) {
    const here = event.target.closest(".can-set");
    if (!here || event.altKey || event.ctrlKey || event.metaKey) return;
    const stops = this.stops();
    const at = stops.indexOf(here);
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: stops.length - 1 }[event.key];
    if (event.key === "Enter" || event.key === " ") this.open(here);
    else if (to === undefined) return;
    else {
      const there = stops[(to + stops.length) % stops.length];
      here.setAttribute("tabindex", "-1");
      there.setAttribute("tabindex", "0");
      there.focus();
    }
    event.preventDefault();
    event.stopPropagation();
  }

  // A small form over the parameter.
  open(element) {
    find("setter")?.remove();
    if (!element) return;
    const id = bare(element);
    const { name, text } = this.parameters[id];
    const input = make("input", {
      type: "text", value: text, inputMode: "decimal", autocomplete: "off", spellcheck: false, "aria-label": say("value_of", { name }),
    });
    const close = () => {
      form.remove();
      [...this.frame.querySelectorAll("[data-id]")].find((one) => one.dataset.id === element.dataset.id && one.matches(".can-set"))?.focus();
    };
    const form = make(
      "form",
      {
        id: "setter",
        onsubmit: (event) => {
          event.preventDefault();
          this.onset(id, input.value.trim());
          close();
        },
        onkeydown: (event) => {
          event.stopPropagation();
          if (event.key === "Escape") close();
        },
        onfocusout: (event) => form.contains(event.relatedTarget) || event.relatedTarget === null || form.remove(),
      },
      make("label", {}, name),
      input,
      make("button", { class: "main" }, say("set")),
      button(say("close"), { quiet: true, class: "square", onclick: close }, "close"),
    );
    const [inner, outer] = [element.getBoundingClientRect(), this.holder.getBoundingClientRect()];
    this.holder.append(form);
    const half = form.offsetWidth / 2 + 4;
    const x = inner.left + inner.width / 2 - outer.left;
    form.style.left = `${Math.max(half, Math.min(outer.width - half, x))}px`;
    form.style.top = `${Math.max(26, inner.top + inner.height / 2 - outer.top)}px`;
    input.select();
    input.focus();
  }
}
