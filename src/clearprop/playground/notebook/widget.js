// The playground in a notebook's cell: it shows what the kernel says, and tells it what is wanted.
import { showStep } from "./card.js";
import { button, draw, make, parsed, put } from "./dom.js";
import { Lighting, reveal } from "./lighting.js";
import { refusal, refused } from "./refusal.js";
import { Steps } from "./steps.js";
import { say, speak } from "./words.js";

const VERSION = 1;
const GONE = "gone";

// Messages to and from the kernel. Other views of the same widget hear all answers: each counts from its own number.
class Talk {
  constructor(model, on) {
    this.model = model;
    this.on = on;
    this.count = Math.floor(Math.random() * 1e9) * 1000;
    this.waiting = new Map();
    this.take = (message) => this.taken(message);
    model.on("msg:custom", this.take);
  }

  taken(message) {
    const waiting = this.waiting.get(message.re);
    this.waiting.delete(message.re);
    if (waiting && message.type === "error") waiting.reject(refusal(message));
    else if (waiting) waiting.resolve(message);
    else if (message.re === undefined) this.on[message.type]?.(message);
  }

  ask(type, fields = {}) {
    const ask = ++this.count;
    return new Promise((resolve, reject) => {
      this.waiting.set(ask, { resolve, reject });
      this.model.send({ type, ask, ...fields });
    });
  }

  end() {
    this.model.off("msg:custom", this.take);
    this.model.send({ type: "pause" });
    for (const { reject } of this.waiting.values()) reject(new Error(GONE));
  }
}

function render({ model, el }) {
  const part = (name, properties = {}) => make("div", { class: name, ...properties });
  const [network, card, losses, facts, error] = ["network", "card", "losses", "facts", "error"].map((name) => part(name));
  const controls = part("controls");
  error.setAttribute("role", "alert");
  const root = make("div", { class: "clearprop-play", tabIndex: 0 }, part("panes"), controls, error);
  root.firstElementChild.append(make("div", { class: "left" }, network, losses), card);
  el.append(root);

  let state = null;
  let present = 0;
  let shown = 0; // the number of the newest wish to show a step
  let lighting = new Lighting(network);
  const wrong = (one) => one.message !== GONE && put(error, refused(one, say("step")));
  const ask = (type, fields) => talk.ask(type, fields).then(() => put(error)).catch(wrong);
  const steps = new Steps((from, to) => talk.ask("steps", { trace: steps.number, from, to }));

  const talk = new Talk(model, {
    state: (message) => {
      state = message;
      speak(state.language, root);
      draws();
      tells(state);
    },
    trace: (message) => {
      steps.take(message);
      put(network, parsed(message.network));
      lighting = new Lighting(network);
      draws();
      go(Math.min(present, steps.count - 1));
    },
    pictures: ({ curves }) => put(losses, curves && parsed(curves)),
    frame: (message) => {
      tells(message);
      if (message.curves) put(losses, parsed(message.curves));
      if (message.network) put(network, parsed(message.network));
      model.send({ type: "seen", number: message.number });
    },
    error: wrong,
  });

  async function go(place) {
    const wish = ++shown;
    const to = Math.max(0, Math.min(place, steps.count - 1));
    const step = await steps.at(to).catch(wrong);
    if (!step || wish !== shown) return;
    present = to;
    lighting.show(step.network);
    lighting.hide(steps.first, present);
    reveal(network);
    showStep(card, step, present, steps.count, false);
    draws();
  }

  function tells({ updates, epochs, E, held_out }) {
    const one = (name, value) => make("span", {}, `${name} `, make("b", {}, value));
    put(facts, one(say("updates"), updates), one(say("epochs"), epochs), one(say("error"), E), held_out && one(say("held"), held_out));
  }

  function draws() {
    if (!state) return;
    const { running } = state;
    const last = steps.count - 1;
    const to = (key, sign, place, off) => button(say(key), { quiet: true, disabled: running || off, onclick: () => go(place), data: { key } }, sign);
    const slider = make("input", {
      type: "range", min: 0, max: Math.max(0, last), value: present, disabled: running, "aria-label": say("time"), data: { key: "slider" },
      oninput: () => go(Number(slider.value)),
    });
    const stretches = steps.phases.map((phase, x) => draw("rect", { x, y: 0, width: 1, height: 1, class: phase }));
    const bar = draw("svg", { viewBox: `0 0 ${Math.max(1, steps.count)} 1`, preserveAspectRatio: "none", class: "phases", "aria-hidden": "true" }, ...stretches);
    put(
      controls,
      to("first_step", "first", 0, present <= 0),
      to("previous", "previous", present - 1, present <= 0),
      to("next", "next", present + 1, present >= last),
      button(say("apply_short"), { disabled: running, title: say("apply"), data: { key: "apply" }, onclick: () => ask("apply").then(() => go(0)) }, "update"),
      button(say(running ? "pause" : "run"), { data: { key: "run" }, onclick: () => ask(running ? "pause" : "run") }, running ? "pause" : "run"),
      make("div", { class: "time" }, bar, slider),
      facts,
    );
  }

  root.addEventListener("keydown", (event) => {
    const place = { ArrowLeft: present - 1, ArrowRight: present + 1, Home: 0, End: steps.count - 1 }[event.key];
    if (place === undefined || event.target.matches("input") || state?.running) return;
    event.preventDefault();
    event.stopPropagation();
    go(place);
  });

  ask("hello", { version: VERSION, language: document.documentElement.lang || navigator.language, share: "" });
  return () => talk.end();
}

export default { render };
