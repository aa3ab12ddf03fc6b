// The left column but for the data: what the network is, and how it learns.
import { button, check, choice, field, make, row } from "./dom.js";
import { called, say } from "./words.js";

const keyed = (key) => ({ data: { key } });
const chosen = (keys) => keys.map((key) => [key, called(key)]);

// `change` is told what is to be different: parts of the state, nested as the state is.
export function networkGroup(state, options, change) {
  const { network } = state;
  const inner = network.layers.length - 1;
  const layers = (other, input) => change({ network: { layers: other } }, input);
  const edited = (at, other, input) => layers(network.layers.map((layer, place) => (place === at ? { ...layer, ...other } : layer)), input);
  const lines = network.layers.map((layer, at) => {
    const last = at === inner;
    const name = last ? say("outputs") : say("hidden", { layer: at + 1 });
    return make(
      "div",
      { class: "layer" },
      make("span", { class: "what" }, name),
      last && !state.data.free
        ? make("span", { class: "number" }, layer.units)
        : counter(name, layer.units, options.limits.units, (units, input) => edited(at, { units }, input), `units ${at}`),
      choice(say("activation", { name }), chosen(last ? options.output_activations : options.hidden_activations), layer.activation, (activation) => edited(at, { activation }), keyed(`activation ${at}`)),
      last
        ? make("span", {})
        : button(say("remove_layer", { name }), {
            quiet: true, class: "square", ...keyed(`remove ${at}`),
            onclick: () => layers(network.layers.filter((_, place) => place !== at)),
          }, "close"),
    );
  });
  const add = button(say("add_layer"), {
    "aria-label": say("add_layer_long"), disabled: network.layers.length >= options.limits.layers, ...keyed("add layer"),
    onclick: () => layers([...network.layers.slice(0, inner), { ...(network.layers[inner - 1] ?? { ...network.layers[inner], activation: "tanh" }), units: 4 }, network.layers[inner]]),
  }, "more");
  const biased = network.layers[0];
  const every = (other) => layers(network.layers.map((layer) => ({ ...layer, ...other })));
  return make(
    "div",
    { class: "group", role: "group", "aria-labelledby": "head-network" },
    make("header", {}, make("h2", { id: "head-network", class: "title" }, say("network")), add),
    make("div", { class: "layer" }, make("span", { class: "what" }, say("inputs")), make("span", { class: "fixed" }, state.data.inputs.join(", "))),
    ...lines,
    row(say("loss"), choice(say("loss"), chosen(options.losses), network.loss, (loss) => change({ network: { loss } }), keyed("loss"))),
    row(
      say("bias"),
      biased.bias !== "none" && check(say("train_bias"), biased.train_bias, (train_bias) => every({ train_bias }), keyed("train bias")),
      choice(say("bias"), options.biases.map((kind) => [kind, say(`bias_${kind}`)]), biased.bias, (bias) => every({ bias, train_bias: bias === "none" ? true : biased.train_bias }), keyed("bias")),
    ),
    make(
      "div",
      { class: "fields" },
      row(say("l2"), field(say("l2"), network.l2, (l2, input) => change({ network: { l2 } }, input), keyed("l2"))),
      inner > 0 && dropout(network.layers.slice(0, inner), (share, input) => layers(network.layers.map((layer, at) => (at < inner ? { ...layer, dropout: share } : layer)), input)),
    ),
  );
}

// One share for all hidden layers; where they differ, each of theirs is shown.
function dropout(hidden, onset) {
  const shares = [...new Set(hidden.map((layer) => layer.dropout ?? 0))];
  return row(say("dropout"), field(say("dropout_long"), shares.join(", "), onset, { title: say("dropout_long"), ...keyed("dropout") }));
}

function counter(name, units, most, onset, key) {
  return make(
    "span",
    { class: "counter" },
    button(say("fewer", { name }), { quiet: true, disabled: units <= 1, onclick: () => onset(units - 1), ...keyed(`${key} -`) }, "less"),
    field(say("units", { name }), units, onset, keyed(key)),
    button(say("more", { name }), { quiet: true, disabled: units >= most, onclick: () => onset(units + 1), ...keyed(`${key} +`) }, "more"),
  );
}

// The learning rate with its course, and the other numbers of that; a rate that is a number is constant.
function scheduled(now, options, set) {
  const { kind = "constant", ...numbers } = typeof now === "object" ? now : { rate: now };
  const typed = (name) => field(say(name), numbers[name], (value, input) => set({ [name]: value }, input), keyed(`schedule ${name}`));
  const kinds = Object.keys(options.schedules).map((other) => [other, say(`schedule_${other}`)]);
  const course = choice(say("schedule"), kinds, kind, (other) => set({ kind: other }), { title: say("schedule"), ...keyed("schedule") });
  const others = options.schedules[kind].filter((name) => name !== "rate");
  return { rate: row(say("rate"), typed("rate"), course), others: others.map((name) => row(say(name), typed(name))) };
}

export function learningGroup(state, options, change, initialise) {
  const { optimizer, batch, start, network } = state;
  const schedule = scheduled(optimizer.learning_rate, options, (learning_rate, input) => change({ optimizer: { learning_rate } }, input));
  const own = options.optimizers[optimizer.kind].filter((one) => one.kind !== "schedule").map((one) => {
    const set = (value, input) => change({ optimizer: { [one.name]: value } }, input);
    const name = say(one.name);
    const value = optimizer[one.name];
    return one.kind === "flag"
      ? check(name, value, set, keyed(`optimizer ${one.name}`))
      : row(name, field(name, value, set, keyed(`optimizer ${one.name}`)));
  });
  const kind = typeof batch === "number" ? "mini" : batch;
  const sizes = [["full", say("batch_full")], ["one", say("batch_one")], ["mini", say("batch_mini")]];
  return make(
    "div",
    { class: "group", role: "group", "aria-labelledby": "head-learning" },
    make(
      "header",
      {},
      make("h2", { id: "head-learning", class: "title" }, say("learning")),
      choice(say("optimizer"), chosen(Object.keys(options.optimizers)), optimizer.kind, (other) => change({ optimizer: { kind: other } }), keyed("optimizer")),
    ),
    schedule.rate,
    make("div", { class: own.length === 3 && !schedule.others.length ? "fields three" : "fields" }, schedule.others, own),
    row(
      say("batch"),
      kind === "mini" && field(say("batch_size"), batch, (size, input) => change({ batch: size }, input), keyed("batch size")),
      choice(say("batch"), sizes, kind, (other) => change({ batch: other === "mini" ? options.batch : other }), keyed("batch")),
      choice(say("reduction"), ["mean", "sum"].map((key) => [key, say(key)]), network.reduction, (reduction) => change({ network: { reduction } }), { title: say("reduction"), ...keyed("reduction") }),
    ),
    row(
      say("start"),
      choice(say("start"), chosen(options.initializers), start.kind, (other) => change({ start: { kind: other } }), keyed("start")),
      field(say("seed"), start.seed, (seed, input) => change({ start: { seed } }, input), { title: say("seed"), ...keyed("seed") }),
      button(say("initialise"), { quiet: true, class: "square", onclick: initialise, ...keyed("initialise") }, "update"),
    ),
  );
}
