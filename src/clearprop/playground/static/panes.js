// Which panes are seen: on the right the step or the pictures; on a narrow page one pane at a time.
import { find, make, put } from "./dom.js";
import { say } from "./words.js";

const SIDES = ["step", "pictures"];
const PLACES = ["settings", "diagram", ...SIDES];
const panes = find("panes");

export function drawPanes() {
  const { side, place } = panes.dataset;
  const tab = (key) =>
    make(
      "button",
      {
        type: "button", role: "tab", id: `side-${key}`, "aria-controls": key, "aria-selected": String(side === key), tabIndex: side === key ? 0 : -1, "data-key": `side ${key}`,
        onclick: () => showSide(key),
        onkeydown: (event) => {
          if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
          event.preventDefault();
          showSide(SIDES.find((other) => other !== key));
          find(`side-${panes.dataset.side}`).focus();
        },
      },
      say(key),
    );
  const tabs = find("sides").firstElementChild;
  put(tabs, SIDES.map(tab));
  tabs.setAttribute("aria-label", say("sides"));
  const one = (key) => make("button", { type: "button", "aria-pressed": String(place === key), "data-key": `place ${key}`, onclick: () => showPlace(key) }, say(key));
  put(find("places"), PLACES.map(one));
  find("places").setAttribute("aria-label", say("places"));
  for (const key of ["settings", "diagram"]) find(key).setAttribute("aria-label", say(key));
  find("side").setAttribute("aria-label", say("sides"));
}

// On the right of a wide page.
export function showSide(side) {
  panes.dataset.side = side;
  if (SIDES.includes(panes.dataset.place)) panes.dataset.place = side;
  drawPanes();
}

// On a narrow page.
export function showPlace(place) {
  panes.dataset.place = place;
  if (SIDES.includes(place)) panes.dataset.side = place;
  drawPanes();
}
