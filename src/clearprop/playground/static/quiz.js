// The quiz: the result of the step is hidden, one's own value is marked by the server, and the slip is named.
import { make, put } from "./dom.js";
import { say } from "./words.js";

export class Quiz {
  // `on` has toggled() and mark(id, text), which promises {status, true, slips}.
  constructor(holder, on) {
    this.holder = holder;
    this.on = on;
    this.active = false;
    this.solved = null;
  }

  // Whether the result of this step is hidden.
  hides(step) {
    return this.active && Boolean(step) && !step.given && this.solved !== step.id;
  }

  show(step) {
    const toggle = make(
      "button",
      {
        type: "button", "aria-pressed": String(this.active), "data-key": "quiz",
        onclick: () => {
          this.active = !this.active;
          this.solved = null;
          this.on.toggled();
        },
      },
      say(this.active ? "quiz_end" : "quiz"),
    );
    if (!this.active) return put(this.holder, toggle);
    if (!step || step.given) return put(this.holder, make("p", { class: "muted" }, say("quiz_none")), toggle);
    if (this.step !== step.id) this.answer = null;
    this.step = step.id;
    const input = make("input", {
      type: "text", inputMode: "decimal", autocomplete: "off", spellcheck: false, id: "answer", "data-key": "answer",
      "aria-label": say("quiz_answer", { name: step.name }), placeholder: say("quiz_ask", { name: step.name }), value: this.answer?.text ?? "",
    });
    const form = make(
      "form",
      {
        onsubmit: async (event) => {
          event.preventDefault();
          const text = input.value.trim();
          if (!text) return input.focus();
          this.answer = { text, ...(await this.on.mark(step.id, text)) };
          if (this.answer.status === "right" || this.answer.status === "rounded") this.solved = step.id;
          this.on.toggled();
        },
      },
      input,
      make("button", { class: "main" }, say("quiz_mark")),
      make("button", { type: "button", "data-key": "reveal", disabled: this.solved === step.id, onclick: () => { this.solved = step.id; this.on.toggled(); } }, say("quiz_show")),
    );
    put(this.holder, form, make("div", { role: "status" }, this.marked()), toggle);
  }

  marked() {
    if (!this.answer?.status) return null;
    const { status, slips } = this.answer;
    return make("div", { class: `mark ${status}` }, say(status), slips?.length ? make("ul", {}, slips.map((slip) => make("li", {}, slip))) : null);
  }
}
