// The map of what the network answers, its loss, and how weights and deltas are spread.
import { draw, make, parsed, put } from "./dom.js";
import { isDark } from "./theme.js";
import { say } from "./words.js";

const CHARTS = ["losses", "spread"];
const KINDS = 6; // colours of classes

// A table of colours as an image holds them, four bytes each; made once a table.
const tables = new WeakMap();
function packed(palette) {
  if (!tables.has(palette)) {
    const bytes = new Uint8ClampedArray(palette.flatMap((colour) => [...colour, 255]));
    tables.set(palette, new Uint32Array(bytes.buffer));
  }
  return tables.get(palette);
}

export class Pictures {
  // `on` has point(x, y) and unpoint(index), in 0…1 from the lower left corner.
  constructor(holder, on) {
    this.on = on;
    this.got = {};
    this.canvas = make("canvas", { width: 1, height: 1, "aria-hidden": "true" });
    this.dots = draw("svg", { viewBox: "0 0 100 100", "aria-hidden": "true" });
    this.across = make("span", { class: "axis across" });
    this.up = make("span", { class: "axis up" });
    this.map = make("div", { class: "map", role: "img" }, this.canvas, this.dots, this.across, this.up);
    this.map.addEventListener("click", (event) => this.clicked(event));
    this.key = make("div", { class: "key" });
    this.mapped = make("div", { class: "mapped" });
    this.losses = make("div", { class: "chart" });
    this.spread = make("div", { class: "chart" });
    this.holder = holder;
    this.heads = ["map", ...CHARTS].map((key) => [key, make("h2", { id: `head-${key}`, class: "title" })]);
    this.tabs = make("div", { class: "choices" });
    const [map, losses, spread] = [this.mapped, this.losses, this.spread].map((body, at) => {
      const [key, head] = this.heads[at];
      return make("div", { class: "picture", data: { picture: key }, role: "group", "aria-labelledby": head.id }, head, body);
    });
    holder.replaceChildren(map, this.tabs, losses, spread);
    this.chosen = "losses";
  }

  // Where the window is too low for all of them, one chart at a time.
  choose(key) {
    this.chosen = key;
    this.holder.dataset.chart = key;
    const one = (other) => make("button", { type: "button", "aria-pressed": String(other === key), "data-key": `chart ${other}`, onclick: () => this.choose(other) }, say(other));
    put(this.tabs, CHARTS.map(one));
  }

  // The words around them; the pictures themselves come by `show`.
  draw(editing, classes) {
    this.editing = editing;
    this.classes = classes;
    this.map.classList.toggle("editing", editing);
    for (const [key, head] of this.heads) head.textContent = say(key);
    this.choose(this.chosen);
    this.explain();
    this.show(this.got);
  }

  // What the colours are: of classes, or of the least and the greatest number.
  explain() {
    const names = this.classes ?? this.got.map?.ends ?? [];
    const kinds = names.slice(0, KINDS).map((name, kind) => make("span", { title: name }, make("i", { class: `c${kind}` }), name));
    put(this.key, kinds, this.editing && make("p", {}, say("draw_hint")));
  }

  // What is new of {curves, spread, map}; what is not named stays.
  show(pictures) {
    const { map } = pictures;
    // Of a map that is like the one before only the pixels come.
    if (map?.pixels && !map.palette) pictures = { ...pictures, map: { ...this.got.map, ...map } };
    this.got = { ...this.got, ...pictures };
    if ("curves" in pictures) put(this.losses, this.got.curves ? parsed(this.got.curves) : make("p", { class: "empty" }, say("curves_none")));
    if ("spread" in pictures && this.got.spread) put(this.spread, parsed(this.got.spread));
    if ("map" in pictures) this.mapOf(this.got.map);
  }

  mapOf(map) {
    this.mapped.classList.toggle("curve", !map?.pixels);
    this.holder.classList.toggle("mapless", !map);
    if (!map) return put(this.mapped, make("p", { class: "empty" }, say("map_none")));
    if (map.curve) return put(this.mapped, make("div", { class: "chart" }, parsed(map.curve)));
    if (this.map.parentNode !== this.mapped) put(this.mapped, this.map, this.key);
    this.map.setAttribute("aria-label", say("map_classes"));
    this.across.textContent = map.across ? `${map.across.name} →` : "";
    this.up.textContent = map.up ? `↑ ${map.up.name}` : "";
    this.paint(map);
    if (map.points === this.points) return;
    this.dot((this.points = map.points));
    this.explain();
  }

  // Numbers 0…255 through a table of colours: nothing else is done with them here.
  paint({ width, height, pixels, palette: light, dark }) {
    const colours = packed(isDark() ? dark : light);
    const bytes = atob(pixels);
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    const context = this.canvas.getContext("2d");
    const image = context.createImageData(width, height);
    const shown = new Uint32Array(image.data.buffer);
    for (let at = 0; at < bytes.length; at += 1) shown[at] = colours[bytes.charCodeAt(at)];
    context.putImageData(image, 0, 0);
  }

  dot(points) {
    this.dots.replaceChildren(
      ...points.map(([x, y, kind, held], index) =>
        draw("circle", { cx: 100 * x, cy: 100 * (1 - y), r: 1.7, class: `point c${kind % KINDS}${held ? " held" : ""}`, "data-index": index }),
      ),
    );
  }

  clicked(event) {
    if (!this.editing) return;
    const dot = event.target.closest("[data-index]");
    if (dot) return this.on.unpoint(Number(dot.dataset.index));
    const box = this.map.getBoundingClientRect();
    this.on.point((event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height);
  }
}
