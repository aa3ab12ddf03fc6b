// The time line: where in the update one is, and the buttons that move there, by mouse or keyboard.
import { button, draw, icon, make, put } from "./dom.js";
import { say } from "./words.js";

const PHASES = { forward: "forward", loss: "phase_loss", backward: "backward", update: "update" };

export class Timeline {
  // `on` has go(step), apply(), run(), pause() and speed(key).
  constructor(holder, on) {
    this.holder = holder;
    this.on = on;
    this.phases = [];
    this.present = 0;
    document.addEventListener("keydown", (event) => this.key(event));
    window.addEventListener("resize", () => this.spread());
  }

  // All of it anew: `phases` is the phase of each step; `told` are the words beside it.
  draw(phases, present, running, speeds, speed) {
    this.phases = phases;
    this.running = running;
    const words = (key, more) => ({ quiet: true, class: "square", "data-key": key, ...more });
    this.first = button(say("first_step"), words("first", { onclick: () => this.go(0) }), "first");
    this.previous = button(say("previous"), words("previous", { onclick: () => this.go(this.present - 1) }), "previous");
    this.next = make("button", { type: "button", class: "main", "data-key": "next", onclick: () => this.forward() });
    this.apply = button(say("apply"), words("apply", { onclick: () => this.on.apply() }), "last");
    this.run = make(
      "button",
      { type: "button", class: "run", "data-key": "run", "aria-pressed": String(running), onclick: () => (running ? this.on.pause() : this.on.run()) },
      icon(running ? "pause" : "run"),
      say(running ? "pause" : "run"),
    );
    this.slider = make("input", {
      type: "range", min: 0, max: Math.max(0, phases.length - 1), value: present, disabled: running || !phases.length, "data-key": "slider",
      "aria-label": say("time"), oninput: () => this.go(Number(this.slider.value)),
    });
    const select = make("select", { id: "speed", "aria-label": say("speed"), "data-key": "speed", onchange: () => this.on.speed(select.value) });
    for (const [key, name] of speeds) select.append(make("option", { value: key, selected: String(key) === String(speed) }, name));
    put(
      this.holder,
      make("div", { class: "buttons" }, this.first, this.previous, this.next, this.apply),
      make("div", { class: "track" }, stretches(phases), make("div", { class: "names", "aria-hidden": "true" }, names(phases)), this.slider),
      make("div", { class: "buttons" }, this.run, select),
    );
    this.spread();
    this.show(present);
  }

  // The names of the phases, but for those that the next one would cover.
  spread() {
    const all = [...this.holder.querySelectorAll(".names span")];
    for (const name of all) {
      name.hidden = false;
      name.style.left = `${name.dataset.at}%`;
    }
    all.slice(0, -1).forEach((name, at) => {
      name.hidden = name.getBoundingClientRect().right + 4 > all[at + 1].getBoundingClientRect().left;
    });
  }

  show(present) {
    this.present = present;
    const last = this.phases.length - 1;
    this.slider.value = present;
    const place = say("step_of", { place: present + 1, count: this.phases.length });
    this.slider.setAttribute("aria-valuetext", this.phases.length ? `${place}, ${say(PHASES[this.phases[present]] ?? "given")}` : "");
    this.first.disabled = this.previous.disabled = this.running || present <= 0;
    this.next.disabled = this.apply.disabled = this.running || !this.phases.length;
    const end = present >= last;
    put(this.next, icon(end ? "update" : "next"), say(end ? "apply_short" : "next_short"));
    this.next.setAttribute("aria-label", say(end ? "apply" : "next"));
  }

  go(step) {
    const to = Math.max(0, Math.min(step, this.phases.length - 1));
    if (!this.running && this.phases.length) this.on.go(to);
  }

  forward() {
    if (this.present >= this.phases.length - 1) this.on.apply();
    else this.go(this.present + 1);
  }

  // Keys work anywhere but where something is typed or chosen.
  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target.closest("input, select, textarea, dialog, [popover], [role=tablist]")) return;
    const to = {
      ArrowLeft: () => this.go(this.present - 1),
      ArrowRight: () => this.go(this.present + 1),
      Home: () => this.go(0),
      End: () => this.go(this.phases.length - 1),
      Enter: event.target.closest("button, a") ? null : () => this.on.apply(),
      " ": event.target.closest("button, a") ? null : () => (this.running ? this.on.pause() : this.on.run()),
    }[event.key];
    if (!to) return;
    event.preventDefault();
    to();
  }
}

function stretches(phases) {
  const parts = runs(phases).map(({ phase, start, length }) => draw("rect", { x: start, y: 0, width: length, height: 1, class: phase }));
  const attributes = { viewBox: `0 0 ${Math.max(1, phases.length)} 1`, preserveAspectRatio: "none", "aria-hidden": "true", class: "phases" };
  return draw("svg", attributes, ...parts);
}

// Neighbours of the same phase together.
function runs(phases) {
  const found = [];
  phases.forEach((phase, place) => {
    if (found.at(-1)?.phase === phase) found.at(-1).length += 1;
    else found.push({ phase, start: place, length: 1 });
  });
  return found;
}

// The name of each phase where it begins.
function names(phases) {
  const seen = new Set();
  return runs(phases)
    .filter(({ phase }) => phase in PHASES && !seen.has(phase) && seen.add(phase))
    .map(({ phase, start }) => make("span", { "data-at": (100 * start) / phases.length }, say(PHASES[phase])));
}
