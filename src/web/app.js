"use strict";
// The dock's page: asks the API under /v1 and shows what it answers. Everything from the dock enters the page as text,
// never as markup.

const MAX_TABLE_BYTES = 64 * 1024 * 1024;
const PAGE = 25;
const $ = (id) => document.getElementById(id);
const FILTERS = document.querySelectorAll("select[data-key]");
const state = { file: null, binary: false, spec: null, columns: null, dataWarnings: [], cursor: null, turn: 0, running: null };

// On narrow screens tables are laid out as cards, which would take their meaning away from assistive programs; the
// roles keep it.
const ROLES = { table: "table", thead: "rowgroup", tbody: "rowgroup", tr: "row", td: "cell" };

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  const role = tag === "th" ? (attributes.scope === "col" ? "columnheader" : "rowheader") : ROLES[tag];
  if (role) node.setAttribute("role", role);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") node.addEventListener("click", value);
    else if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

class Problem extends Error {
  constructor(facts) {
    super(facts.detail || "The dock did not answer.");
    this.facts = facts;
  }
}

async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (cause) {
    throw new Problem({ code: "unavailable", number: "E9", detail: "The dock does not answer.", fix: "Check that the server is still running, then try again." });
  }
  if (response.ok) return response;
  let facts = {};
  try {
    facts = await response.json();
  } catch (cause) {
    facts = { detail: `The dock answered with status ${response.status}.` };
  }
  throw new Problem(facts);
}

const plural = (count, one) => `${Number(count).toLocaleString("en")} ${one}${Number(count) === 1 ? "" : "s"}`;
const digits = (value) => value === null || value === undefined ? "–" : Math.abs(value) >= 0.001 || value === 0 ? value.toFixed(4) : value.toExponential(2);
const size = (bytes) => bytes < 1024 ? `${bytes} B` : bytes < 1048576 ? `${(bytes / 1024).toFixed(0)} KiB` : `${(bytes / 1048576).toFixed(1)} MiB`;
const place = (id, rest = "") => `/v1/learnwares/${encodeURIComponent(id)}${rest}`;
const values = (semantic, key) => (semantic && semantic[key] && semantic[key].Values) || [];

// ---- progress, problems, certificate -------------------------------------------------------------------------

function progress(text, busy = false) {
  $("progress").textContent = text;
  $("progress").classList.toggle("busy", busy);
}

function showProblem(problem) {
  const box = $("problem");
  const facts = problem instanceof Problem ? problem.facts : { detail: String(problem.message || problem) };
  box.replaceChildren(make("p", { class: "what" }, facts.detail || problem.message));
  if (facts.fix) box.append(make("p", {}, "What to do: ", facts.fix));
  const small = [facts.code && `${facts.code}${facts.number ? ` (${facts.number})` : ""}`, facts.where && `at ${facts.where}`, facts.request_id && `request ${facts.request_id}`];
  const line = small.filter(Boolean).join(" · ");
  if (line) box.append(make("p", { class: "facts" }, line));
  box.hidden = false;
}

function hideProblem() {
  $("problem").hidden = true;
}

function showCertificate(answer) {
  const line = $("certificate");
  const many = plural(answer.evaluated, "learnware");
  line.hidden = answer.evaluated === 0;
  line.classList.toggle("partial", !answer.exact);
  line.textContent = answer.exact ? `Exact: compared with all ${many} that can be compared` : `Not complete: compared with ${many}; another could be closer by at most ${digits(answer.slack)}`;
}

function showWarnings(all) {
  const warnings = [...new Set(all)];
  $("warnings").replaceChildren(...warnings.map((text) => make("li", {}, text)));
  $("warnings").hidden = warnings.length === 0;
}

// ---- tables --------------------------------------------------------------------------------------------------

function table(caption, small, heads, rows) {
  const head = make("tr", {}, ...heads.map((h) => make("th", { scope: "col", class: h.number ? "number" : null }, h.text)));
  return make("table", {}, make("caption", {}, caption, small ? make("small", {}, small) : null), make("thead", {}, head), make("tbody", {}, ...rows));
}

function nameCell(id, name, badge, tone = "", status = null) {
  const open = make("button", { type: "button", class: "name-button", "aria-haspopup": "dialog", onclick: () => showDetail(id) }, name || id);
  return make("th", { scope: "row" }, open, make("span", { class: "id" }, id, badge ? make("span", { class: `badge ${tone}` }, badge) : null, statusBadge(status)));
}

// The status in words: colour alone would not tell it to everyone.
const statusTone = { verified: "", failed: "warn", unverified: "quiet" };
function statusBadge(status) {
  return status in statusTone ? make("span", { class: `badge ${statusTone[status]}` }, status) : null;
}

const linkCell = (id) => make("td", { class: "links" },
  make("a", { href: place(id, "/package"), "aria-label": `Package of ${id}` }, "Package"),
  make("a", { href: place(id, "/use.py"), "aria-label": `use.py for ${id}` }, "use.py"));

function bar(share, tone = null) {
  const fill = make("span", { class: tone });
  fill.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`;
  return make("div", { class: "bar", "aria-hidden": "true" }, fill);
}

function singlesCard(answer) {
  const measured = answer.singles.some((hit) => hit.mmd_squared !== null);
  const largest = Math.max(...answer.singles.map((hit) => hit.mmd_squared || 0), 1e-12);
  const rows = answer.singles.map((hit, i) => make("tr", {},
    make("td", { class: "rank" }, String(i + 1)),
    nameCell(hit.id, hit.name, measured && i === 0 ? "best fit" : null, "", hit.status),
    measured ? make("td", { class: "number", "data-label": "MMD²" }, digits(hit.mmd_squared)) : null,
    measured ? make("td", { class: "bar-cell" }, bar((hit.mmd_squared || 0) / largest)) : null,
    measured ? make("td", { class: "number", "data-label": "Score" }, digits(hit.score)) : null,
    linkCell(hit.id)));
  const heads = [{ text: "#" }, { text: "Learnware" }];
  if (measured) heads.push({ text: "MMD²", number: true }, { text: "Distance to your data" }, { text: "Score", number: true });
  heads.push({ text: "Get it" });
  const small = measured ? "Closest first. MMD² is the squared distance between distributions: the shorter the bar, the closer. Score 1 means identical." : "Matches of your words and filters. Add data to rank them by distance.";
  const card = make("div", { class: "card" });
  if (rows.length === 0) card.append(make("p", { class: "empty" }, "No learnware passes. Loosen the filters, or look at the warnings above."));
  else card.append(make("div", { class: "table-scroll" }, table(measured ? "Single learnwares" : "Learnwares", small, heads, rows)));
  return card;
}

function provenGap(gap) {
  if (gap === null || gap === undefined) return "";
  if (gap < 1e-9) return " Proven: no mixture of any size comes closer.";
  return ` Proven: no mixture of any size comes closer by more than ${digits(gap)}.`;
}

function mixtureCard(mixture) {
  const blend = make("div", { class: "blend", "aria-hidden": "true" }, ...mixture.members.map((member, i) => {
    const part = make("span", { class: `tone-${i % 5}` });
    part.style.flexGrow = String(Math.max(member.weight, 0));
    return part;
  }));
  const rows = mixture.members.map((member, i) => {
    const cell = nameCell(member.id, member.name);
    cell.prepend(make("span", { class: `swatch tone-${i % 5}`, "aria-hidden": "true" }));
    return make("tr", {}, cell, make("td", { class: "number", "data-label": "Weight" }, `${(member.weight * 100).toFixed(1)} %`), make("td", { class: "bar-cell" }, bar(member.weight, `tone-${i % 5}`)), linkCell(member.id));
  });
  const gap = provenGap(mixture.gap);
  const small = `Together they reach MMD² ${digits(mixture.mmd_squared)}, score ${digits(mixture.score)}.${gap}`;
  const shown = table("Best mixture", small, [{ text: "Learnware" }, { text: "Weight", number: true }, { text: "Share of the blend" }, { text: "Get it" }], rows);
  return make("div", { class: "card" }, make("div", { class: "table-scroll" }, shown), blend);
}

// ---- browsing ------------------------------------------------------------------------------------------------

function browseRow(record) {
  const tags = ["Task", "Data", "Library"].flatMap((key) => values(record.semantic, key));
  const warned = (record.warnings || []).length;
  return make("tr", {}, nameCell(record.id, record.name, warned > 0 ? plural(warned, "warning") : null, "warn", record.status),
    make("td", {}, ...tags.map((text) => make("span", { class: "tag" }, text))),
    record.package ? make("td", { class: "number", "data-label": "Size" }, size(record.package.bytes)) : make("td", { class: "number" }, "–"),
    record.package ? linkCell(record.id) : make("td", {}, ""));
}

async function browse(next = false) {
  const turn = ++state.turn;
  const cursor = next && state.cursor ? `&cursor=${encodeURIComponent(state.cursor)}` : "";
  const page = await (await ask(`/v1/learnwares?limit=${PAGE}${cursor}`)).json();
  if (turn !== state.turn) return;
  state.cursor = page.next;
  $("more").hidden = page.next === null;
  const rows = page.learnwares.map(browseRow);
  if (next) {
    const body = $("answer").querySelector("tbody");
    body.append(...rows);
    if (rows.length > 0) rows[0].querySelector("button").focus();
    return;
  }
  $("results-title").textContent = "Learnwares of this dock";
  $("certificate").hidden = true;
  showWarnings([]);
  const card = make("div", { class: "card" });
  if (rows.length === 0) card.append(make("p", { class: "empty" }, "This dock is empty. Import packages with ", make("code", {}, "learndock import"), "."));
  else card.append(make("div", { class: "table-scroll" }, table("In the order they came", "", [{ text: "Learnware" }, { text: "For" }, { text: "Size", number: true }, { text: "Get it" }], rows)));
  $("answer").replaceChildren(card);
}

async function showDetail(id) {
  try {
    const record = await (await ask(place(id))).json();
    $("detail-title").textContent = record.name || record.id;
    const evidence = make("section", { "aria-label": "Verification", "aria-live": "polite" });
    $("detail-body").replaceChildren(...detailParts(record), evidence);
    $("detail").showModal();
    if (record.package) evidence.append(...verificationParts(await (await ask(place(id, "/verification"))).json()));
  } catch (problem) {
    showProblem(problem);
  }
}

// What the dock found when it tried the package: the state of the job, the checks, and what the model printed.
function verificationParts(found) {
  const parts = [make("h3", {}, "Does it work?"), make("p", {}, verificationSentence(found))];
  if (found.note && found.state !== "done") parts.push(make("p", { class: "description" }, found.note));
  if (!Array.isArray(found.checks)) return parts;
  const rows = found.checks.map((check) => make("tr", {},
    make("th", { scope: "row" }, check.name.replace("_", " ")),
    make("td", {}, make("span", { class: check.passed ? "badge" : "badge warn" }, check.passed ? "passed" : "failed")),
    make("td", {}, check.message)));
  parts.push(make("div", { class: "table-scroll" }, table("Checks", `Checked ${new Date(found.finished).toLocaleString()} on the package with the SHA-256 ${found.package_sha256.slice(0, 12)}…`, [{ text: "Check" }, { text: "Result" }, { text: "What was found" }], rows)));
  for (const [title, text] of [["What the model printed", found.log], ["Its environment", found.lock]])
    if (text) parts.push(make("details", {}, make("summary", {}, title), make("pre", { tabindex: "0" }, text)));
  return parts;
}

function verificationSentence(found) {
  if (found.state === "waiting") return `The status is ${found.status}. Its package waits to be tried, at place ${found.place} of the queue.`;
  if (found.state === "running") return `The status is ${found.status}. Its package is being tried now: ${(found.stage || "").replace("_", " ")}.`;
  if (found.verdict === "passed") return "Verified: this dock ran the model in its sandbox, and every check passed.";
  if (found.verdict === "failed") return "Failed: this dock ran the package, and a check did not pass.";
  return "Unverified: this dock could not try the package.";
}

function detailParts(record) {
  const semantic = record.semantic || {};
  const facts = [["Id", record.id], ["Status", record.status], ["Added", record.created ? new Date(record.created).toLocaleString() : null]];
  for (const key of ["Task", "Data", "Library", "Model", "Scenario", "License"]) facts.push([key, values(semantic, key).join(", ")]);
  const s = record.statistical;
  if (s && s.points) facts.push(["Specification", `${s.points} points of dimension ${s.dimension}, gamma ${s.gamma}${s.scales > 1 ? `, ${s.scales} scales` : ""}`]);
  if (record.package) facts.push(["Package", size(record.package.bytes)], ["SHA-256", record.package.sha256]);
  const list = make("dl", {}, ...facts.filter(([, value]) => value).flatMap(([key, value]) => [make("dt", {}, key), make("dd", {}, value)]));
  const parts = [];
  const warnings = record.warnings || [];
  if (warnings.length > 0) parts.push(make("ul", { class: "warnings", "aria-label": "Warnings about the package" }, ...warnings.map((text) => make("li", {}, text))));
  const words = semantic.Description && semantic.Description.Values;
  if (words) parts.push(make("p", { class: "description" }, words));
  parts.push(list);
  if (record.url && /^https?:\/\//.test(record.url)) parts.push(make("p", {}, "Elsewhere: ", make("a", { href: record.url, rel: "noreferrer noopener" }, record.url)));
  if (record.package) {
    const url = location.origin + place(record.id);
    parts.push(make("h3", {}, "Use it on your data"), make("pre", { tabindex: "0" }, `curl -OJ ${url}/package\ncurl -OJ ${url}/use.py\npython3 use.py --data my.csv --label LABEL_COLUMN --out predictions.csv`));
  }
  for (const key of ["Input", "Output"]) {
    const described = Object.entries((semantic[key] && semantic[key].Description) || {});
    if (described.length === 0) continue;
    parts.push(make("h3", {}, `${key} (${semantic[key].Dimension})`), make("ol", { class: "features", start: "0" }, ...described.map(([index, text]) => make("li", { value: index }, text))));
  }
  return parts;
}

// ---- searching -----------------------------------------------------------------------------------------------

// As the server does without looking at the rows: the delimiter that the header has most of.
function splitHeader(line) {
  const cells = [], count = (one) => line.split(one).length;
  const delimiter = [",", "\t", ";", "|"].reduce((best, one) => (count(one) > count(best) ? one : best));
  for (const match of line.matchAll(new RegExp(`("(?:[^"]|"")*"|[^${delimiter}]*)(?:[${delimiter}]|$)`, "g"))) {
    if (match.index >= line.length && cells.length > 0) break;
    cells.push(match[1].replace(/^"|"$/g, "").replaceAll('""', '"').replace(/^[ \t]+|[ \t]+$/g, ""));
  }
  return cells;
}

async function offerLabelColumn(file) {
  const first = (await file.slice(0, 65536).text()).split(/\r?\n/, 1)[0].replace(/^\uFEFF/, "");
  const columns = splitHeader(first);
  const select = $("label-column");
  select.replaceChildren(make("option", { value: "" }, "None"), ...columns.map((name) => make("option", { value: name }, name)));
  $("label-row").hidden = columns.length < 2;
  return columns.length < 2 ? undefined : columns.find((name) => /^(labels?|target|class|y|output|outcome|species)$/i.test(name));
}

// A column that looks like the answers would be taken for a feature, or lost without a word: ask.
function askAboutLabel(name) {
  $("label-text").textContent = `“${name}” looks like the answers, not like a feature.`;
  $("label-question").hidden = false;
  progress(`Is the column “${name}” to be left out?`);
  $("label-out").focus();
}

function answerAboutLabel(leaveOut) {
  const name = $("label-text").textContent.slice(1).split("”", 1)[0];
  $("label-question").hidden = true;
  if (leaveOut) $("label-column").value = name;
  search();
  $("label-column").focus();
}

// The binary form of a specification begins with these four bytes, whatever the file is called.
async function isBinarySpecification(file) {
  return (await file.slice(0, 4).text()) === "LDRK";
}

async function choose(file) {
  hideProblem();
  state.spec = state.columns = null;
  state.dataWarnings = [];
  state.file = file;
  $("drop-columns").value = "";
  $("drop").classList.add("filled");
  $("chosen-name").textContent = `${file.name} · ${size(file.size)}`;
  $("chosen").hidden = false;
  $("label-row").hidden = $("label-question").hidden = true;
  state.binary = await isBinarySpecification(file);
  if (!state.binary && file.name.toLowerCase().endsWith(".csv")) {
    const guess = await offerLabelColumn(file);
    if (guess !== undefined) return askAboutLabel(guess);
  }
  await search();
}

function forget() {
  state.file = state.spec = state.columns = null;
  state.dataWarnings = [];
  $("file").value = "";
  $("drop").classList.remove("filled");
  $("chosen").hidden = $("label-row").hidden = $("label-question").hidden = true;
}

async function specification() {
  if (!state.file || state.binary) return null;
  if (state.spec) return state.spec;
  const name = state.file.name.toLowerCase();
  if (name.endsWith(".json")) {
    try {
      return state.spec = JSON.parse(await state.file.text());
    } catch (cause) {
      throw new Problem({ code: "json.syntax", number: "E101", detail: `${state.file.name} is not JSON: ${cause.message}`, fix: "Drop a stat.json as `learndock spec make` writes it." });
    }
  }
  if (state.file.size > MAX_TABLE_BYTES)
    throw new Problem({ code: "limit.size", number: "E8", detail: `${state.file.name} has ${size(state.file.size)}; the page takes tables up to ${size(MAX_TABLE_BYTES)}.`, fix: "Run `learndock spec make` on your machine and drop the stat.json." });
  progress("Summarising the table…", true);
  const label = $("label-row").hidden ? "" : $("label-column").value;
  const type = name.endsWith(".npy") ? "application/x-npy" : "text/csv";
  const query = new URLSearchParams();
  if (label) query.set("label", label);
  if (!$("label-row").hidden && $("drop-columns").value) query.set("drop", $("drop-columns").value);
  const response = await ask(`/v1/specifications${String(query) && `?${query}`}`, { method: "POST", headers: { "Content-Type": type }, body: state.file });
  state.dataWarnings = JSON.parse(response.headers.get("Learndock-Warnings") || "[]").map((warning) => warning.message);
  state.columns = JSON.parse(response.headers.get("Learndock-Columns") || "null");
  return state.spec = await response.json();
}

function semanticFilter() {
  const semantic = {};
  for (const select of FILTERS)
    if (select.value) semantic[select.dataset.key] = { Values: [select.value], Type: "Class" };
  return semantic;
}

// `part` is what is asked for: how many single learnwares and members of a mixture.
async function compare(question, part) {
  const { spec, columns, semantic, text, signal } = question;
  let response;
  if (!state.file || !state.binary) {
    const body = JSON.stringify({ spec, columns, semantic, text, ...part });
    response = await ask("/v1/search", { method: "POST", headers: { "Content-Type": "application/json" }, body, signal });
  } else {
    const query = new URLSearchParams({ ...part, semantic: JSON.stringify(semantic) });
    if (text) query.set("text", text);
    response = await ask(`/v1/search?${query}`, { method: "POST", headers: { "Content-Type": "application/vnd.learndock.spec" }, body: state.file, signal });
  }
  return response.json();
}

// Single learnwares cost little, their mixture may cost a hundred times that: it is asked for once they are shown. When
// it fails they stay.
async function fillMixture(question, singles, turn) {
  const place = make("div", { class: "card" }, make("p", { class: "empty" }, "Looking for a mixture that comes closer…"));
  $("answer").append(place);
  progress(`${found(singles)}; looking for a mixture…`, true);
  try {
    const answer = await compare(question, { top: 20 });
    if (turn !== state.turn) return;
    showWarnings([...state.dataWarnings, ...singles.warnings, ...answer.warnings]);
    if (answer.mixture && answer.mixture.members.length > 1) place.replaceWith(mixtureCard(answer.mixture));
    else place.remove();
  } catch (problem) {
    if (turn !== state.turn) return;
    place.firstChild.textContent = `The mixture is missing (${problem.message}). The learnwares above are not affected.`;
  }
  progress(found(singles));
}

async function search() {
  const turn = ++state.turn;
  if (state.running) state.running.abort();  // an answer that no one will look at
  state.running = new AbortController();
  const signal = state.running.signal;
  hideProblem();
  const text = $("words").value.trim();
  const semantic = semanticFilter();
  try {
    if (!state.file && !text && Object.keys(semantic).length === 0) {
      progress("");
      return await browse();
    }
    const spec = await specification();
    if (turn !== state.turn) return;
    progress("Comparing…", true);
    const question = { spec, columns: state.columns, semantic, text, signal };
    const answer = await compare(question, { top: 20, mixture: 0 });
    if (turn !== state.turn) return;
    show(answer);
    if (state.file && answer.singles.length > 1) await fillMixture(question, answer, turn);
  } catch (problem) {
    if (turn !== state.turn) return;
    progress("");
    clearAnswer();
    showProblem(problem);
  }
}

// Results of an earlier question must not stand under a later one.
function clearAnswer() {
  $("results-title").textContent = "No results";
  $("certificate").hidden = $("more").hidden = true;
  showWarnings([]);
  $("answer").replaceChildren();
}

function show(answer) {
  $("results-title").textContent = state.file ? `Closest to ${state.file.name}` : "Matching learnwares";
  $("more").hidden = true;
  showCertificate(answer);
  showWarnings([...state.dataWarnings, ...answer.warnings]);
  $("answer").replaceChildren(singlesCard(answer));
  progress(found(answer));
}

function found(answer) {
  const total = answer.timings_ms.total;
  return `${plural(answer.singles.length, "result")}${total === undefined ? "" : ` in ${total < 10 ? total.toFixed(1) : total.toFixed(0)} ms`}`;
}

// ---- wiring --------------------------------------------------------------------------------------------------

function wire() {
  const drop = $("drop");
  for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
  // A file that misses the zone must not replace the page.
  for (const name of ["dragover", "drop"]) window.addEventListener(name, (event) => event.preventDefault());
  drop.addEventListener("drop", (event) => { if (event.dataTransfer.files.length > 0) choose(event.dataTransfer.files[0]); });
  $("file").addEventListener("change", () => { if ($("file").files.length > 0) choose($("file").files[0]); });
  $("clear").addEventListener("click", () => { forget(); search(); $("file").focus(); });
  $("query").addEventListener("submit", (event) => { event.preventDefault(); search(); });
  for (const select of FILTERS) select.addEventListener("change", search);
  $("drop-columns").addEventListener("change", () => { state.spec = null; search(); });
  $("label-column").addEventListener("change", () => { state.spec = null; $("label-question").hidden = true; search(); });
  $("label-out").addEventListener("click", () => answerAboutLabel(true));
  $("label-keep").addEventListener("click", () => answerAboutLabel(false));
  $("more").addEventListener("click", () => browse(true).catch(showProblem));
  $("detail-close").addEventListener("click", () => $("detail").close());
  $("detail").addEventListener("click", (event) => { if (event.target === $("detail")) $("detail").close(); });
}

// Until they are here, and when they do not come, every filter offers "Any" alone and the search works without it.
async function offerFilters() {
  const vocabularies = await (await ask("/v1/vocabularies")).json();
  for (const select of FILTERS)
    select.append(...vocabularies[select.dataset.key].Values.map((value) => make("option", {}, value)));
}

async function start() {
  wire();
  offerFilters().catch(showProblem);
  browse().catch(showProblem);
  try {
    const status = await (await ask("/v1/status")).json();
    $("dock-facts").textContent = `${plural(status.learnwares, "learnware")} · ${status.backend} backend`;
  } catch (problem) {
    showProblem(problem);
  }
}

start();
