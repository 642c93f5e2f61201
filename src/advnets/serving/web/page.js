"use strict";
// Draws with model.onnx in the browser. model.json says what the inputs are, and has the latents of some seeds.

const SHOWN = 16; // samples in the grid
const REACH = 3; // standard deviations of z that a direction's slider covers to either side
const NEW = 1_000_000; // seeds that "new latents" chooses from
const FINE = 128; // pixels from which images are smoothed where they are enlarged

const at = (id) => document.getElementById(id);
const made = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

let model; // model.json
let session;
let inputs; // of the grid, by name: {type, width, data}, row by row
let chosen = []; // numbers of at most two samples
let moves = []; // along each direction
const wishes = new Map(); // name of an input -> a function that changes its row

// Arrays

const ARRAYS = { float32: Float32Array, int64: BigInt64Array };

function unpacked({ type, shape, base64 }) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return { type, inner: shape.slice(1), width: shape.slice(1).reduce((a, b) => a * b, 1), data: new ARRAYS[type](bytes.buffer) };
}

const rowOf = (input, row) => input.data.slice(row * input.width, (row + 1) * input.width);
const withData = (input, rows) => {
  const data = new ARRAYS[input.type](rows.length * input.width);
  rows.forEach((values, row) => data.set(values, row * input.width));
  return { ...input, data };
};

// Random numbers of this page: mulberry32. They are others than PyTorch's.

function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const normal = (random) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
const onSphere = (z) => {
  const length = Math.hypot(...z);
  return z.map((value) => (value * Math.sqrt(z.length)) / (length || 1));
};
const PRIORS = {
  uniform: { draw: (random) => (2 * random() - 1) * Math.sqrt(3), inside: (z) => z.map((v) => Math.max(-Math.sqrt(3), Math.min(Math.sqrt(3), v))) },
  gaussian: { draw: normal, inside: (z) => z },
  sphere: { draw: normal, inside: onSphere },
  rademacher: { draw: (random) => (random() < 0.5 ? -1 : 1), inside: (z) => z },
};
const inside = (z) => (PRIORS[model.prior]?.inside ?? ((same) => same))(z);

function latent(random, known) {
  const prior = PRIORS[model.prior];
  // Of a prior that this page does not know each number comes from one of the latents that came along.
  const rows = known.data.length / known.width;
  const z = Float32Array.from({ length: known.width }, (_, place) =>
    prior ? prior.draw(random) : known.data[Math.floor(random() * rows) * known.width + place]);
  return model.prior === "sphere" ? onSphere(z) : z;
}

/** What the samples of a seed are made of: as Advnets has them, or drawn here. */
function inputsOf(seed) {
  const random = randomOf(seed);
  const found = {};
  for (const [name, known] of Object.entries(model.inputs)) {
    const rows = Array.from({ length: SHOWN }, (_, row) => {
      if (seed < model.seeds) return rowOf(known, seed * model.samples_a_seed + row);
      return name === "z" ? latent(random, known) : rowOf(known, Math.floor(random() * model.seeds * model.samples_a_seed));
    });
    found[name] = withData(known, rows.map((values, row) => wished(name, values, row)));
  }
  return found;
}

const wished = (name, values, row) => (wishes.has(name) ? wishes.get(name)(values.slice(), row) : values);

// Drawing

async function draw(given, count) {
  const feeds = {};
  for (const [name, input] of Object.entries(given)) {
    feeds[name] = new ort.Tensor(input.type, input.data, [count, ...input.inner]);
  }
  return (await session.run(feeds)).sample.data;
}

function paint(canvas, bytes, number) {
  const [channels, height, width] = model.shape;
  const area = height * width;
  const start = number * channels * area;
  const image = new ImageData(width, height);
  for (let pixel = 0; pixel < area; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      image.data[4 * pixel + channel] = bytes[start + (channels === 1 ? 0 : channel * area) + pixel];
    }
    image.data[4 * pixel + 3] = 255;
  }
  Object.assign(canvas, { width, height, className: Math.max(width, height) < FINE ? "small" : "" });
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** Runs a task for the newest wish: what is asked for while it runs is done once, afterwards. */
function newest(task) {
  let running = false;
  let again = false;
  return async () => {
    again = true;
    if (running) return;
    running = true;
    try {
      while (again) {
        again = false;
        await task();
      }
    } catch (error) {
      tell(`The samples cannot be drawn: ${error.message}`);
    } finally {
      running = false;
    }
  };
}

const showGrid = newest(async () => {
  const seed = Number(at("seed").value);
  const drawn = inputsOf(seed);
  const bytes = await draw(drawn, SHOWN);
  inputs = drawn;
  [...at("grid").children].forEach((item, number) => {
    paint(item.querySelector("canvas"), bytes, number);
    item.firstChild.setAttribute("aria-label", `Sample ${number}${called(number)}`);
  });
  at("status").textContent = saying(seed);
  await showChosen();
});

function called(number) {
  const condition = inputs.condition;
  if (condition?.type !== "int64") return "";
  return `, class ${model.classes[Number(rowOf(condition, number)[0])]}`;
}

function saying(seed) {
  const shown = `${SHOWN} samples of seed ${seed}`;
  if (seed >= model.seeds) {
    return `${shown}, drawn by this page's own random numbers: they are not those of "advnets sample --seed ${seed}".`;
  }
  return wishes.size
    ? `${shown}, with the latents of "advnets sample --seed ${seed}".`
    : `${shown}: the first of "advnets sample --seed ${seed}".`;
}

const showChosen = newest(async () => {
  const [first, second] = chosen;
  const share = second === undefined ? 0 : Number(at("between").value);
  const given = {};
  for (const [name, input] of Object.entries(inputs)) {
    const from = rowOf(input, first);
    const to = second === undefined ? from : rowOf(input, second);
    let row = share < 0.5 ? from : to;
    if (input.type === "float32" && share > 0 && share < 1) row = from.map((value, place) => value + share * (to[place] - value));
    given[name] = withData(input, [name === "z" ? moved(row, share) : row]);
  }
  paint(at("large"), await draw(given, 1), 0);
  at("said").textContent = naming(first, second, share);
  at("save").href = at("large").toDataURL("image/png");
  at("save").download = `${model.recipe}-seed-${at("seed").value}-sample-${chosen.join("-")}.png`;
});

/** A latent moved along the directions, and back to where the prior can draw. */
function moved(z, share) {
  if (moves.every((move) => move === 0)) return share > 0 && share < 1 ? inside(z) : z;
  const { width, data } = model.directions.vectors;
  return inside(z.map((value, place) => value + moves.reduce((sum, move, number) => sum + move * data[number * width + place], 0)));
}

function naming(first, second, share) {
  const one = `Sample ${first}${called(first)}`;
  const far = moves.some((move) => move !== 0) ? ", moved along directions" : "";
  if (second === undefined) return `${one}${far}. Choose another in the grid to walk from one to the other.`;
  return `From sample ${first}${called(first)} to sample ${second}${called(second)}, ${Math.round(100 * share)} % of the way${far}.`;
}

function choose(number) {
  if (chosen.includes(number) && chosen.length === 2) chosen = chosen.filter((each) => each !== number);
  else if (!chosen.includes(number)) chosen = [chosen[0], number];
  mark();
  showChosen();
}

function mark() {
  [...at("grid").children].forEach((item, number) => {
    const place = chosen.indexOf(number);
    item.firstChild.setAttribute("aria-pressed", String(place >= 0));
    item.querySelector(".mark").textContent = place >= 0 && chosen.length === 2 ? String(place + 1) : "";
    item.querySelector(".mark").hidden = place < 0 || chosen.length < 2;
  });
  at("between-field").hidden = chosen.length < 2;
  setSlider(at("between"), 0);
}

// Controls

function slider(id, label, low, high, value, change) {
  const input = made("input", { id, type: "range", min: low, max: high, step: (high - low) / 240, value });
  const output = made("output", { htmlFor: id });
  const near = (value) => (Math.abs(value) < (high - low) / 1000 ? 0 : value); // browsers add up steps
  const show = () => (output.textContent = Number(near(Number(input.value)).toPrecision(3)));
  input.addEventListener("input", () => (show(), change(Number(input.value))));
  show();
  return made("div", { className: "slider" }, made("label", { htmlFor: id, textContent: label }), input, output);
}

function setSlider(input, value) {
  input.value = value;
  const output = input.parentElement.querySelector("output");
  output.textContent = input.id === "between" ? `${Math.round(100 * value)} %` : value;
}

function addDirections() {
  moves = model.directions.shares.map(() => 0);
  model.directions.shares.forEach((share, number) => {
    const label = `Direction ${number + 1} (${Math.round(100 * share)}\u00a0%)`;
    at("sliders").append(slider(`direction-${number}`, label, -REACH, REACH, 0, (value) => {
      moves[number] = value;
      showChosen();
    }));
  });
}

/** A choice among names, of which the first leaves samples as they are drawn. */
function choice(id, label, names, change) {
  const options = ["as drawn", ...names].map((name, number) => made("option", { value: number - 1, textContent: name }));
  const select = made("select", { id }, ...options);
  select.addEventListener("change", () => {
    change(Number(select.value));
    showGrid();
  });
  at("wishes").append(made("span", { className: "field" }, made("label", { htmlFor: id, textContent: label }), select));
}

/** A number that is as drawn until its box is ticked. */
function number(id, label, low, high, change) {
  const asked = made("input", { type: "checkbox", id: `${id}-asked` });
  const row = slider(id, label, low, high, (low + high) / 2, () => (apply(), showGrid()));
  const input = row.querySelector("input");
  const name = row.querySelector("label");
  const apply = () => change(asked.checked ? Number(input.value) : null);
  input.disabled = true;
  asked.addEventListener("change", () => {
    input.disabled = !asked.checked;
    apply();
    showGrid();
  });
  name.replaceWith(made("label", { className: "check", htmlFor: asked.id }, asked, label));
  input.setAttribute("aria-label", label);
  at("wishes").append(row);
}

/** Values of an input by place, of which null is as drawn. */
function fixing(name) {
  const fixed = new Map();
  return (place, value) => {
    if (value === null) fixed.delete(place);
    else fixed.set(place, value);
    if (fixed.size === 0) wishes.delete(name);
    else wishes.set(name, (values) => (fixed.forEach((each, at) => (values[at] = each)), values));
  };
}

function addWishes() {
  if (model.trained.length) {
    const fix = fixing("condition");
    choice("class", "Class", model.trained, (chosen) =>
      fix(0, chosen < 0 ? null : BigInt(model.classes.indexOf(model.trained[chosen]))));
  }
  if (model.attributes.length) addAttributes(fixing("condition"));
  if (model.code) addCode(fixing("code"));
}

function addAttributes(fix) {
  model.attributes.forEach(({ name, values: [low, high], enter, two }, place) => {
    if (low === high) return;
    if (two) choice(`attribute-${place}`, name, [low, high], (side) => fix(place, side < 0 ? null : enter[side]));
    else {
      number(`attribute-${place}`, name, low, high, (value) =>
        fix(place, value === null ? null : enter[0] + ((value - low) / (high - low)) * (enter[1] - enter[0])));
    }
  });
}

function addCode(fix) {
  const { categories, continuous } = model.code;
  const names = Array.from({ length: categories }, (_, category) => category);
  choice("category", "Code", names, (category) =>
    names.forEach((place) => fix(place, category < 0 ? null : Number(place === category))));
  for (let place = 0; place < continuous; place++) {
    number(`code-${place}`, `Code c${place + 1}`, -1, 1, (value) => fix(categories + place, value));
  }
}

function addGrid() {
  for (let number = 0; number < SHOWN; number++) {
    const button = made("button", { type: "button" }, made("canvas"), made("span", { className: "mark", hidden: true }));
    button.addEventListener("click", () => choose(number));
    at("grid").append(made("li", {}, button));
  }
}

function listen() {
  const go = (seed) => {
    at("seed").value = Math.max(0, Math.min(2 ** 32 - 1, Math.trunc(seed) || 0));
    showGrid();
  };
  at("controls").addEventListener("submit", (event) => event.preventDefault());
  at("seed").addEventListener("change", () => go(Number(at("seed").value)));
  at("previous").addEventListener("click", () => go(Number(at("seed").value) - 1));
  at("next").addEventListener("click", () => go(Number(at("seed").value) + 1));
  at("fresh").addEventListener("click", () => go(model.seeds + Math.floor(Math.random() * NEW)));
  at("between").addEventListener("input", () => (setSlider(at("between"), at("between").value), showChosen()));
  at("reset").addEventListener("click", () => {
    moves = moves.map(() => 0);
    at("sliders").querySelectorAll("input").forEach((input) => setSlider(input, 0));
    chosen = chosen.slice(0, 1);
    mark();
    showChosen();
  });
}

// Beginning

function tell(text) {
  at("notice").textContent = text;
  at("notice").hidden = text === "";
}

async function fetched(path, say) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: the server answers ${answer.status}`);
  const parts = [];
  let size = 0;
  for await (const part of chunksOf(answer.body.getReader())) {
    parts.push(part);
    say?.((size += part.length));
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

async function* chunksOf(reader) {
  for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
}

async function begin() {
  const megabytes = (what) => (size) => tell(`Loading ${what}: ${(size / 1e6).toFixed(1)} MB`);
  model = JSON.parse(new TextDecoder().decode(await fetched("model.json")));
  model.inputs = Object.fromEntries(Object.entries(model.latents).map(([name, each]) => [name, unpacked(each)]));
  model.directions.vectors = unpacked(model.directions.vectors);
  document.title = at("title").textContent = `Samples of ${model.recipe}`;
  at("facts").textContent = `${model.shape.join(" x ")}, trained for ${model.step.toLocaleString("en")} steps on ${model.data.name}`;
  at("made").textContent = `Advnets ${model.advnets}`;
  ort.env.wasm.numThreads = 1; // more need headers that plain file servers do not send
  ort.env.wasm.wasmPaths = { mjs: new URL("runtime/ort-wasm.js", location).href };
  ort.env.wasm.wasmBinary = await fetched("runtime/ort-wasm.wasm", megabytes("ONNX Runtime"));
  session = await ort.InferenceSession.create(await fetched("model.onnx", megabytes("the generator")));
  addWishes();
  addDirections();
  addGrid();
  listen();
  chosen = [0];
  mark();
  tell("");
  at("main").hidden = false;
  await showGrid();
}

if (location.protocol === "file:") {
  tell(`Opened as a file, this page may not read the files beside it: browsers permit that to pages of a server alone.
    In this folder run: python3 -m http.server
    and open http://localhost:8000`.replace(/\n +/g, "\n"));
} else {
  begin().catch((error) => tell(`The generator cannot be loaded: ${error.message}`));
}
