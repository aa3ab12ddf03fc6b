// The network: drawn by the server, lit here.
import { find, make, parsed, put } from "./dom.js";
import { Lighting } from "./lighting.js";
import { Setter } from "./setter.js";
import { say } from "./words.js";

export class Diagram {
  // `onset(id, text)` is told the new value of a parameter.
  constructor(holder, onset) {
    this.frame = make("div", { class: "frame" });
    this.hint = make("p", {});
    this.facts = make("span", { class: "facts" });
    holder.replaceChildren(make("div", { class: "hint" }, this.hint, this.facts), this.frame);
    this.lighting = new Lighting(this.frame);
    this.setter = new Setter(this.frame, onset);
  }

  // A new drawing. `parameters` are the name and the value of what can be set, by id.
  draw(svg, parameters) {
    const focused = this.frame.contains(document.activeElement);
    this.replace(svg);
    const stops = this.setter.prepare(parameters);
    this.hint.textContent = stops.length ? say("diagram_hint") : "";
    if (focused) this.frame.querySelector('[tabindex="0"]')?.focus();
  }

  // While it trains: only the numbers, nothing to set.
  watch(svg) {
    find("setter")?.remove();
    this.replace(svg);
    this.hint.textContent = "";
  }

  replace(svg) {
    put(this.frame, parsed(svg));
    const drawing = this.frame.firstElementChild;
    drawing?.setAttribute("role", "group");
    drawing?.setAttribute("aria-label", say("diagram_name"));
    this.lighting = new Lighting(this.frame);
  }
}
