// Elements, made and filled. Text is always a text node: nothing that a user wrote is ever read as markup.

// An element. Of `properties`, functions named on… are listeners, `class` and `data` are what they say,
// others are set as properties where the element has them, else as attributes.
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name in element && !name.startsWith("aria") && !READ_ONLY.has(name)) element[name] = value;
    else if (value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}
const READ_ONLY = new Set(["list", "form", "for"]);

// Puts children in the place of what was there. What had the focus has it again, found by its `data-key`.
export function put(parent, ...children) {
  const key = parent.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  parent.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  if (key) parent.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

// Drawings and formulas of the server, as elements. A document made this way runs no scripts.
export function parsed(text) {
  const holder = new DOMParser().parseFromString(`<body>${text}</body>`, "text/html").body;
  return [...holder.childNodes].map((node) => document.importNode(node, true));
}

export const find = (id) => document.getElementById(id);

// An element of a drawing.
export function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// The signs on buttons, in a square of 16: drawn here, since no font has them all.
const SIGNS = {
  first: "M4 3v10M13 3 6.5 8l6.5 5z",
  previous: "M11.5 3 5 8l6.5 5z",
  next: "M4.5 3 11 8l-6.5 5z",
  last: "M12 3v10M3 3l6.5 5L3 13z",
  run: "M2.5 3 8 8l-5.5 5zM8 3l5.5 5L8 13z",
  pause: "M5 3v10M11 3v10",
  update: "M13 8a5 5 0 1 1-1.6-3.700M13 2.5v3h-3",
  undo: "M3 6h6.5a3.5 3.5 0 0 1 0 7H6M6 3 3 6l3 3",
  redo: "M13 6H6.5a3.5 3.5 0 0 0 0 7H10M10 3l3 3-3 3",
  less: "M3.5 8h9",
  more: "M3.5 8h9M8 3.5v9",
  close: "M4 4l8 8M12 4l-8 8",
  down: "M4 6l4 4 4-4",
  left: "M10 3.5 5.5 8l4.5 4.5",
  right: "M6 3.5 10.5 8 6 12.5",
};
const FILLED = new Set(["first", "previous", "next", "last", "run"]);

export function icon(name) {
  const path = draw("path", { d: SIGNS[name], class: FILLED.has(name) ? "filled" : "" });
  return draw("svg", { viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" }, path);
}

// A button with words, or with a sign alone (`quiet`), or both.
export function button(words, properties = {}, sign = "") {
  const { quiet, ...rest } = properties;
  const mark = sign ? icon(sign) : null;
  if (quiet) return make("button", { type: "button", "aria-label": words, title: words, ...rest }, mark);
  return make("button", { type: "button", ...rest }, mark, words);
}

// A choice. `groups` is a list of [key, name], or of {name, entries} for a list in parts.
export function choice(name, groups, chosen, onchoose, properties = {}) {
  const option = ([key, words]) => make("option", { value: key, selected: String(key) === String(chosen) }, words);
  const select = make(
    "select",
    { "aria-label": name, onchange: () => onchoose(select.value), ...properties },
    groups.map((one) => (Array.isArray(one) ? option(one) : make("optgroup", { label: one.name }, one.entries.map(option)))),
  );
  return select;
}

// A field for a number or a short text, told when it is left or Enter is pressed. Escape takes it back.
export function field(name, value, onset, properties = {}) {
  const input = make("input", {
    type: "text",
    value: String(value ?? ""),
    inputMode: "decimal",
    autocomplete: "off",
    spellcheck: false,
    "aria-label": name,
    ...properties,
  });
  const before = input.value;
  input.addEventListener("change", () => onset(input.value.trim(), input));
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    input.value = before;
    input.blur();
  });
  return input;
}

// A line of a form: what it is on the left, the control on the right.
export function row(words, ...controls) {
  return make("div", { class: "row" }, make("span", { class: "what", title: words }, words), make("span", { class: "controls" }, controls));
}

// A check box with its words.
export function check(words, checked, onset, properties = {}) {
  const input = make("input", { type: "checkbox", checked, onchange: () => onset(input.checked), ...properties });
  return make("label", { class: "check" }, input, words);
}
