// What the network learns from: ready-made, drawn, typed in, or a table pasted or dropped; and the sample that is shown.
import { button, choice, field, make, put, row } from "./dom.js";
import { refused } from "./refusal.js";
import { called, say } from "./words.js";

const MOST_CLASSES = 6;
const keyed = (key) => ({ data: { key } });

// `on` has data(…), sample(to), table() and drawing(class).
export function dataGroup(state, options, drawing, on) {
  const { data } = state;
  const names = options.datasets.map(({ key }) => [key, called(key)]);
  const yours = [["points", say("points")], ["numbers", say("numbers")], ["table", say("table")]];
  const select = choice(
    say("data"),
    [{ name: say("named"), entries: names }, { name: say("yours"), entries: yours }],
    data.kind === "named" ? data.name : data.kind,
    (key) => {
      if (key === "table") {
        select.value = data.kind === "named" ? data.name : data.kind;
        on.table();
      } else if (key === "points" || key === "numbers") on.data({ kind: key });
      else on.data({ kind: "named", name: key });
    },
    keyed("data"),
  );
  return make(
    "div",
    { class: "group", role: "group", "aria-labelledby": "head-data" },
    make("header", {}, make("h2", { id: "head-data", class: "title" }, say("data")), select),
    data.kind === "table" && make("p", { class: "said" }, say("table_here", { name: data.name })),
    data.kind === "named" && named(data, on),
    data.kind === "points" && points(data, drawing, on),
    data.kind === "numbers" && numbers(data, on),
    sample(state, on),
  );
}

function named(data, on) {
  const one = (name) =>
    name in data.settings &&
    row(say(name === "seed" ? "data_seed" : name), field(say(name), data.settings[name], (text, input) => on.data({ kind: "named", name: data.name, settings: { [name]: text } }, input), keyed(`data ${name}`)));
  return make("div", { class: "fields" }, one("rows"), one("noise"), one("held_out"), one("seed"));
}

// Which class a click on the map adds; and by keyboard, a point at two numbers.
function points(data, drawing, on) {
  const named = data.classes ?? [];
  // One more than there are, so that a point can begin a class.
  const classes = [...named, String(named.length + 1)].slice(0, MOST_CLASSES);
  const swatches = classes.map((name, kind) =>
    make(
      "button",
      { type: "button", class: "swatch", "aria-pressed": String(drawing === kind), "aria-label": say("class_number", { name }), "data-key": `class ${kind}`, onclick: () => on.drawing(kind) },
      make("i", { class: `c${kind}` }),
    ),
  );
  const place = make("input", { type: "text", "aria-label": say("point_at"), placeholder: "0.5, 0.5", "data-key": "point at" });
  const add = (event) => {
    event.preventDefault();
    const [x, y] = place.value.split(/[\s,;]+/).map(Number);
    if (Number.isFinite(x) && Number.isFinite(y)) on.point(x, y, drawing);
  };
  return make(
    "div",
    { class: "group" },
    row(say("draw_class"), make("span", { class: "swatches" }, swatches)),
    make("form", { class: "row", onsubmit: add }, make("span", { class: "what" }, say("point_at")), make("span", { class: "controls" }, place, make("button", { "data-key": "add point" }, say("add")))),
  );
}

// A small sheet of numbers: each cell sends the whole sheet.
function numbers(data, on) {
  const { columns, x, y } = data.numbers;
  const send = (rows, inputs = x[0].length) => on.data({ kind: "numbers", x: rows.map((one) => one.slice(0, inputs)), y: rows.map((one) => one.slice(inputs)) });
  const all = x.map((one, at) => [...one, ...y[at]]);
  const resized = (inputs, targets) =>
    send(x.map((one, at) => [...fitted(one, inputs), ...fitted(y[at], targets)]), inputs);
  const cell = (value, at, column) =>
    make("td", { class: column < x[0].length ? "" : "target" },
      field(`${columns[column]} ${at + 1}`, value, (text, input) => {
        const rows = all.map((one) => [...one]);
        rows[at][column] = Number(text.replace(",", "."));
        if (Number.isFinite(rows[at][column])) send(rows);
        else input.setAttribute("aria-invalid", "true");
      }, keyed(`cell ${at} ${column}`)));
  return make(
    "div",
    { class: "group" },
    make("div", { class: "fields" },
      row(say("inputs_count"), field(say("inputs_count"), x[0].length, (text) => resized(Number(text), y[0].length), keyed("inputs"))),
      row(say("targets_count"), field(say("targets_count"), y[0].length, (text) => resized(x[0].length, Number(text)), keyed("targets")))),
    make("div", { class: "sheet" },
      make("table", {},
        make("thead", {}, make("tr", {}, columns.map((name) => make("th", { scope: "col", title: name }, name)), make("td", {}, button(say("add_row"), { quiet: true, class: "square bare", onclick: () => send([...all, all.at(-1)]), ...keyed("add row") }, "more")))),
        make("tbody", {}, all.map((one, at) =>
          make("tr", {}, one.map((value, column) => cell(value, at, column)),
            make("td", {}, button(say("remove_row", { place: at + 1 }), { quiet: true, class: "square bare", disabled: all.length < 2, onclick: () => send(all.filter((_, place) => place !== at)), ...keyed(`remove row ${at}`) }, "close"))))))),
  );
}

const fitted = (values, size) => Array.from({ length: size }, (_, at) => values[at] ?? 0);

// Which sample the step is of.
function sample(state, on) {
  if (state.samples < 2) return null;
  const at = state.sample === "batch" ? -1 : state.sample;
  const move = (key, sign, to) => button(say(key), { quiet: true, class: "square", disabled: to < 0 || to >= state.samples, onclick: () => on.sample(to), ...keyed(key) }, sign);
  const follow = {
    type: "button", "aria-label": say("follow_long"), title: say("follow_long"), "aria-pressed": String(state.follows),
    onclick: () => on.sample(state.follows ? Math.max(0, at) : "next"), ...keyed("follow"),
  };
  const line = row(
    say("sample"),
    move("previous_sample", "left", at - 1),
    field(say("sample"), at < 0 ? "–" : at + 1, (text) => on.sample(Math.max(0, Math.floor(Number(text) || 1) - 1)), keyed("sample")),
    make("span", { class: "muted number" }, `/ ${state.samples}`),
    move("next_sample", "right", at + 1),
    make("button", follow, say("follow")),
  );
  line.classList.add("sample");
  return line;
}

// A window for a table: paste it, or choose a file; then which column is to be predicted.
export class TableWindow {
  // `on.table(name, text, target)` promises {columns} where there is no target, else that it is in use.
  constructor(options, on) {
    this.options = options;
    this.on = on;
    for (const event of ["dragover", "dragleave", "drop"]) document.addEventListener(event, (one) => this.dropped(one));
  }

  open(name = "", text = "") {
    this.dialog?.remove();
    const area = make("textarea", { rows: 8, "aria-label": say("csv_text"), value: text, spellcheck: false, placeholder: "x1,x2,y\n0.1,0.7,A\n…" });
    const file = make("input", { type: "file", accept: ".csv,.tsv,.txt,text/csv", class: "unseen", tabIndex: -1, "aria-hidden": "true", onchange: () => this.read(file.files[0]) });
    const target = make("select", { "aria-label": say("csv_target") });
    const wrong = make("p", { class: "mark", role: "alert", hidden: true });
    const tell = (error) => {
      wrong.hidden = !error;
      put(wrong, error && refused(error, say("table_short")));
    };
    const columns = async () => {
      tell(null);
      target.replaceChildren();
      if (!area.value.trim()) return;
      try {
        const { names } = await this.on.columns(name || "table.csv", area.value);
        target.append(...names.map((one) => make("option", { value: one, selected: one === names.at(-1) }, one)));
      } catch (error) {
        tell(error);
      }
    };
    area.addEventListener("change", columns);
    const form = make(
      "form",
      {
        method: "dialog",
        onsubmit: async (event) => {
          event.preventDefault();
          if (!target.options.length) await columns();
          if (!target.value) return;
          try {
            await this.on.table(name || "table.csv", area.value, target.value);
            this.dialog.close();
          } catch (error) {
            tell(error);
          }
        },
      },
      make("h2", {}, say("csv_title")),
      make("p", { class: "muted" }, say("csv_words")),
      area,
      make("div", { class: "row" }, make("button", { type: "button", onclick: () => file.click() }, say("csv_file")), file, make("span", { class: "muted" }, name)),
      row(say("csv_target"), target),
      wrong,
      make("div", { class: "buttons" }, make("button", { type: "button", onclick: () => this.dialog.close() }, say("cancel")), make("button", { class: "main" }, say("use"))),
    );
    this.dialog = make("dialog", { id: "table", "aria-label": say("csv_title") }, form);
    document.body.append(this.dialog);
    this.dialog.addEventListener("close", () => this.dialog.remove());
    this.dialog.showModal();
    if (text) columns();
  }

  async read(file) {
    if (!file) return;
    if (file.size > this.options().limits.bytes) return this.on.wrong(say("too_large", { most: Math.floor(this.options().limits.bytes / 1e6) }));
    this.open(file.name, await file.text());
  }

  dropped(event) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    document.body.classList.toggle("drop", event.type === "dragover");
    if (event.type === "drop") this.read(event.dataTransfer.files[0]);
  }
}
