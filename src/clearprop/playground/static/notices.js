// What is told above the page: one message at a time, and whether the server is there.
import { button, find, make, put } from "./dom.js";
import { say } from "./words.js";

let timer;

// A message: "wrong" stays until it is closed, "good" goes by itself.
export function tell(words, kind = "wrong", ...more) {
  clearTimeout(timer);
  const close = button(say("close"), { quiet: true, class: "square", onclick: silence }, "close");
  put(find("notices"), make("div", { class: `notice ${kind}` }, make("p", {}, words), more, close));
  if (kind === "good" && !more.length) timer = setTimeout(silence, 4000);
}

export function silence() {
  put(find("notices"));
}

// The server is gone: said until it is back.
export function waiting(again) {
  clearTimeout(timer);
  put(
    find("notices"),
    make("div", { class: "notice wait", id: "gone" }, make("p", {}, say("gone")), make("button", { type: "button", onclick: again }, say("again"))),
  );
}

// For good: nothing that can be done here helps.
export function ended(words) {
  clearTimeout(timer);
  put(find("notices"), make("div", { class: "notice", role: "alert" }, make("p", {}, words)));
}
