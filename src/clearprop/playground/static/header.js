// The upper edge: what one starts from, how it is written, and what can be taken away.
import { button, choice, find, icon, make, put } from "./dom.js";
import { savePicture } from "./saving.js";
import { say, spoken } from "./words.js";

const keyed = (key) => ({ data: { key } });

// `on` has example(key), notation(key), digits(count), undo(), redo(), language(), theme(), share(), address(file) and wrong(error).
export function header(holder, state, options, on) {
  const own = state.example ? [] : [["", say("own")]];
  const titled = (list) => list.map(({ key, title }) => [key, capital(title[spoken()])]);
  put(
    holder,
    make("h1", { class: "name" }, "clearprop"),
    choice(say("example"), [...own, ...titled(options.examples)], state.example ?? "", (key) => key && on.example(key), { title: say("example"), ...keyed("example") }),
    choice(say("notation"), titled(options.notations), state.notation, on.notation, { title: say("notation"), ...keyed("notation") }),
    choice(say("digits"), decimals(state.digits), state.digits, on.digits, { title: say("digits"), ...keyed("digits") }),
    button(say("undo"), { quiet: true, class: "square", disabled: !state.undo, onclick: on.undo, ...keyed("undo") }, "undo"),
    button(say("redo"), { quiet: true, class: "square", disabled: !state.redo, onclick: on.redo, ...keyed("redo") }, "redo"),
    make("span", { class: "space" }),
    make("button", { type: "button", lang: spoken() === "zh" ? "en" : "zh-Hans", onclick: on.language, ...keyed("language") }, say("language")),
    make("button", { type: "button", class: "square", "aria-label": say("theme"), title: say("theme"), onclick: on.theme, ...keyed("theme") }, make("i", { class: "half" })),
    make("button", { type: "button", onclick: on.share, ...keyed("share") }, say("share")),
    make("button", { type: "button", popovertarget: "saves", ...keyed("save") }, say("save"), icon("down")),
    saves(on),
  );
}

const capital = (words) => words.charAt(0).toUpperCase() + words.slice(1);

// How many digits behind the point can be chosen, and those that there are.
function decimals(now) {
  const offered = [2, 4, 6, 9, 12, 15];
  return [...new Set([...offered, now])].sort((one, other) => one - other).map((count) => [count, say("digits_some", { count })]);
}

const FILES = [
  ["sheet", "sheet.toml", "TOML"],
  ["html", "explanation.html", "HTML"],
  ["latex", "explanation.tex", "LaTeX"],
  ["python", "program.py", "Python"],
  ["model", "model.safetensors", "safetensors"],
];

function saves(on) {
  const hide = () => find("saves").hidePopover();
  const link = ([key, file, kind]) => make("a", { href: on.address(file), download: file, onclick: hide }, say(key), make("small", {}, kind));
  const picture = (kind) =>
    make("button", { type: "button", onclick: () => { hide(); savePicture(kind, on.address("network.svg")).catch(on.wrong); } }, say(kind), make("small", {}, kind.toUpperCase()));
  return make("div", { id: "saves", class: "menu", popover: "auto", role: "group", "aria-label": say("save_as") }, FILES.map(link), picture("svg"), picture("png"));
}
