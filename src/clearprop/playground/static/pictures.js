// Beneath the network: the map of what it answers, its loss, and how weights and deltas are spread.
import { draw, make, parsed, put } from "./dom.js";
import { isDark } from "./theme.js";
import { say } from "./words.js";

const KINDS = 6; // colours of classes

export class Pictures {
  // `on` has point(x, y) and unpoint(index), in 0…1 from the lower left corner.
  constructor(holder, on) {
    this.on = on;
    this.shown = "losses";
    this.canvas = make("canvas", { width: 1, height: 1, "aria-hidden": "true" });
    this.dots = draw("svg", { viewBox: "0 0 100 100", "aria-hidden": "true" });
    this.across = make("span", { class: "axis across" });
    this.up = make("span", { class: "axis up" });
    this.map = make("div", { class: "map", role: "img" }, this.canvas, this.dots, this.across, this.up);
    this.left = make("div", { class: "picture" });
    this.right = make("div", { class: "picture" });
    this.map.addEventListener("click", (event) => this.clicked(event));
    holder.replaceChildren(this.left, this.right);
    this.chart = make("div", { class: "chart" });
    this.got = {};
  }

  // Words and buttons; the pictures come by `show`.
  draw(editing, classes) {
    this.editing = editing;
    this.classes = classes;
    this.map.classList.toggle("editing", editing);
    const tab = (key) =>
      make(
        "button",
        {
          type: "button", role: "tab", id: `tab-${key}`, "aria-controls": "chart", "aria-selected": String(this.shown === key), tabIndex: this.shown === key ? 0 : -1, "data-key": `tab ${key}`,
          onclick: () => this.choose(key),
          onkeydown: (event) => {
            if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
            this.choose(key === "losses" ? "spread" : "losses", true);
            event.preventDefault();
          },
        },
        say(key),
      );
    const key = (this.classes ?? []).slice(0, KINDS).map((name, kind) => make("span", { title: name }, make("i", { class: `c${kind}` }), name));
    const beside = this.editing ? make("span", { class: "key" }, say("draw_hint")) : make("span", { class: "key" }, key);
    put(this.left, make("header", {}, make("h2", {}, say("map")), beside), this.place ?? (this.place = make("div", {}, this.map)));
    put(
      this.right,
      make("header", {}, make("div", { class: "choices", role: "tablist", "aria-label": say("charts") }, tab("losses"), tab("spread"))),
      this.chart,
    );
    this.chart.id = "chart";
    this.chart.setAttribute("role", "tabpanel");
    this.chart.setAttribute("aria-labelledby", `tab-${this.shown}`);
    this.show(this.got);
  }

  choose(key, focus = false) {
    this.shown = key;
    this.draw(this.editing, this.classes);
    if (focus) document.getElementById(`tab-${key}`).focus();
  }

  // What is new of {curves, spread, map}; what is not named stays.
  show(pictures) {
    const { map } = pictures;
    // Of a map that is like the one before only the pixels come.
    if (map?.pixels && !map.palette) pictures = { ...pictures, map: { ...this.got.map, ...map } };
    Object.assign(this.got, pictures);
    if ("curves" in pictures || "spread" in pictures) this.chartOf(this.shown === "losses" ? this.got.curves : this.got.spread);
    if ("map" in pictures) this.mapOf(this.got.map);
  }

  chartOf(svg) {
    put(this.chart, svg ? parsed(svg) : make("p", { class: "empty" }, say("curves_none")));
  }

  mapOf(map) {
    const holder = this.place;
    if (!map) return put(holder, make("p", { class: "empty map" }, say("map_none")));
    if (map.curve) return put(holder, make("div", { class: "chart" }, parsed(map.curve)));
    if (this.map.parentNode !== holder) put(holder, this.map);
    this.map.setAttribute("aria-label", say("map_classes"));
    this.across.textContent = map.across ? `${map.across.name} →` : "";
    this.up.textContent = map.up ? `↑ ${map.up.name}` : "";
    this.paint(map);
    if (map.points !== this.points) this.dot((this.points = map.points));
  }

  // Numbers 0…255 through a table of colours: nothing else is done with them here.
  paint({ width, height, pixels, palette: light, dark }) {
    const palette = isDark() ? dark : light;
    const bytes = Uint8Array.from(atob(pixels), (one) => one.charCodeAt(0));
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    const context = this.canvas.getContext("2d");
    const image = context.createImageData(width, height);
    for (let at = 0; at < bytes.length; at += 1) {
      const colour = palette[bytes[at]];
      image.data.set(colour, 4 * at);
      image.data[4 * at + 3] = 255;
    }
    context.putImageData(image, 0, 0);
  }

  dot(points) {
    this.dots.replaceChildren(
      ...points.map(([x, y, kind, held], index) =>
        draw("circle", { cx: 100 * x, cy: 100 * (1 - y), r: 1.6, class: `point c${kind % KINDS}${held ? " held" : ""}`, "data-index": index }),
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
