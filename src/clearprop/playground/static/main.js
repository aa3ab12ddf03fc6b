// The page: it shows what the server says, and tells the server what is wanted. No number is computed here.
import { showStep } from "./card.js";
import { Connection } from "./connection.js";
import { TableWindow, dataGroup } from "./data.js";
import { Diagram } from "./diagram.js";
import { find, make, put } from "./dom.js";
import { header } from "./header.js";
import { reveal } from "./lighting.js";
import { ended, silence, tell, waiting } from "./notices.js";
import { drawPanes, showSide } from "./panes.js";
import { Pictures } from "./pictures.js";
import { Quiz } from "./quiz.js";
import { refused } from "./refusal.js";
import { remember, remembered } from "./remembered.js";
import { learningGroup, networkGroup } from "./settings.js";
import { Setter } from "./setter.js";
import { Steps } from "./steps.js";
import { restoreTheme, turnTheme } from "./theme.js";
import { Timeline } from "./timeline.js";
import { say, speak, spoken } from "./words.js";

let options, state;
let drawing = 0; // the class of the points that a click adds
let lost = false;
let afresh = true; // whether the next trace begins with its first step

const failed = (error, place) => error.message === "gone" || tell(refused(error, place));

// Asks the server; a refusal is told, and the field that caused it is marked; what else was chosen is as it was.
async function ask(type, fields, input) {
  try {
    const answer = await connection.ask(type, fields);
    silence();
    return answer;
  } catch (error) {
    failed(error, input?.getAttribute("aria-label") ?? say(PLACES[type] ?? "settings"));
    if (input) input.setAttribute("aria-invalid", "true");
    else drawSettings();
    return null;
  }
}
const PLACES = { data: "data", point: "points", table: "table_short", example: "example", parameter: "diagram", apply: "update", run: "run", quiz: "quiz_short" };

const steps = new Steps((from, to) => connection.ask("steps", { trace: steps.number, from, to }));
const setParameter = (id, text) => ask("parameter", { id, text });
const diagram = new Diagram(find("diagram"), setParameter);
const cells = new Setter(find("card"), setParameter);
const pictures = new Pictures(find("pictures"), {
  point: (x, y) => ask("point", { add: [x, y, drawing] }),
  unpoint: (index) => ask("point", { remove: index }),
});
const quiz = new Quiz(find("quiz"), {
  toggled: () => showPresent(),
  mark: (id, text) => ask("quiz", { id, text }),
});
const timeline = new Timeline(find("timeline"), {
  go: (step) => show(step),
  apply: () => {
    afresh = true;
    ask("apply");
  },
  run: () => ask("run"),
  pause: () => ask("pause"),
  speed: (to) => ask("speed", { to }),
});
const table = new TableWindow(() => options, {
  columns: (name, text) => connection.ask("table", { name, text, target: null }),
  table: (name, text, target) => connection.ask("table", { name, text, target }),
  wrong: tell,
});

const connection = new Connection(
  {
    gone: () => {
      lost = true;
      waiting(() => connection.open());
    },
    refused: (key) => ended(say(key)),
    error: (error, place = "run") => failed(error, say(place)),
    options: (message) => {
      options = message;
    },
    state: (message) => {
      const changed = state?.language !== message.language;
      const drawn = message.running || message.data.kind === "points";
      // What moves is shown while it moves, and what is drawn on; then again the step.
      if (drawn !== (state?.running || state?.data.kind === "points")) showSide(drawn ? "pictures" : "step");
      state = message;
      if (changed) speak(state.language);
      if (lost) tell(say("back"), "good");
      lost = false;
      if (state.share) history.replaceState(null, "", `#${state.share}`);
      drawSettings();
    },
    trace: (message) => {
      afresh ||= steps.count !== message.phases.length;
      steps.take(message);
      diagram.draw(message.network, message.parameters);
      drawTimeline();
      show(afresh ? 0 : Math.min(timeline.present, steps.count - 1));
      afresh = false;
    },
    pictures: (message) => pictures.show(message),
    frame: (message) => {
      told(message);
      find("rate").textContent = say("speed_now", { count: message.rate });
      if (message.network) diagram.watch(message.network);
      pictures.show(message);
      if (message.share) history.replaceState(null, "", `#${message.share}`);
      document.body.dataset.frame = message.number;
      connection.tell("seen", { number: message.number });
    },
  },
  () => ({ language: state?.language ?? preferred(), share: location.hash.slice(1) }),
);

// The language that was chosen last; on the first visit the browser's.
function preferred() {
  return remembered("language") ?? (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");
}

// The settings, the edges of the page: all that a state says.
function drawSettings() {
  if (!options || !state) return;
  const change = (parts, input) => ask("change", parts, input);
  header(find("bar"), state, options, {
    example: (key) => ask("example", { key }),
    notation: (notation) => change({ notation }),
    digits: (digits) => change({ digits }),
    undo: () => ask("undo"),
    redo: () => ask("redo"),
    language: () => {
      const other = spoken() === "zh" ? "en" : "zh";
      remember("language", other);
      change({ language: other });
    },
    theme: () => {
      turnTheme();
      pictures.show(pictures.got);
    },
    share,
    address: (file) => `/download/${file}${location.search}&session=${encodeURIComponent(state.session)}`,
    wrong: (error) => failed(error, say("save")),
  });
  put(
    find("settings"),
    dataGroup(state, options, drawing, {
      data: (data, input) => ask("data", data, input),
      sample: (to) => ask("sample", { to }),
      table: () => table.open(),
      point: (x, y, kind) => ask("point", { add: [x, y, kind], raw: true }),
      drawing: (kind) => {
        drawing = kind;
        drawSettings();
      },
    }),
    networkGroup(state, options, change),
    learningGroup(state, options, change, () => ask("initialise")),
  );
  find("timeline").setAttribute("aria-label", say("time"));
  drawPanes();
  pictures.draw(state.data.kind === "points", state.data.classes);
  drawTimeline();
  told(state);
  if (state.running) diagram.lighting.show({});
  else find("rate").textContent = "";
}

function drawTimeline() {
  if (!options || !state) return;
  const speeds = options.speeds.map((speed) => [speed, speed === "most" ? say("speed_most") : say("speed_some", { count: speed })]);
  timeline.draw(steps.phases, timeline.present, state.running, speeds, state.speed);
}

// The numbers that are always seen; the elements stay, as they change sixty times a second.
const facts = ["updates", "epochs", "error", "held"].map((key) => [key, document.createTextNode(""), make("b", { class: "number" })]);
diagram.facts.append(make("span", { class: "told" }, facts.map(([, name, value]) => make("span", {}, name, " ", value))));

function told({ updates, epochs, E, held_out }) {
  diagram.hint.hidden = held_out !== null; // there is no room for both
  const values = { updates, epochs, error: E, held: held_out };
  for (const [key, name, value] of facts) {
    value.parentNode.hidden = values[key] === null;
    name.data = say(key);
    value.textContent = values[key]?.toLocaleString("en") ?? "";
  }
}

let present = null;

async function show(place) {
  if (!steps.count) return;
  let step;
  try {
    step = await steps.at(Math.max(0, place));
  } catch (error) {
    return failed(error, say("step"));
  }
  if (!step) return;
  present = step;
  timeline.show(Math.max(0, place));
  showPresent();
  document.body.dataset.trace = steps.number;
}

function showPresent() {
  const asked = quiz.hides(present);
  diagram.lighting.show(present.given ? {} : present.network);
  diagram.lighting.hide(steps.first, timeline.present);
  diagram.lighting.ask(asked ? present.id : null);
  reveal(diagram.frame);
  showStep(find("card"), present, timeline.present, steps.count, asked);
  cells.prepare(steps.parameters);
  quiz.show(present);
}

async function share() {
  try {
    await navigator.clipboard.writeText(location.href);
    tell(say("shared"), "good");
  } catch {
    tell(say("share_by_hand"), "good", make("input", { type: "text", readOnly: true, value: location.href, "aria-label": say("share") }));
  }
}

restoreTheme();
speak(preferred());
document.title = "clearprop";

// A table that is pasted anywhere but into a field.
document.addEventListener("paste", (event) => {
  const text = event.clipboardData?.getData("text/plain") ?? "";
  if (event.target.closest?.("input, textarea") || !options || !text.includes("\n")) return;
  event.preventDefault();
  table.open("", text);
});
