// The quarantine table: sorts, filters, searches and pages through the rows in the data block. What the data holds is only
// ever set as text. `table.columns.push({ key, title, cell })` and `table.draw()` add a column.
"use strict";

const PAGE = 50;
const MOST_CHOICES = 500;
const SEVERITIES = ["info", "monitor", "important", "critical"];

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function digest(base64) {
  return Array.from(atob(base64), (c) => c.charCodeAt(0).toString(16).padStart(2, "0")).join("");
}

function number(x) {
  if (x === 0 || (Math.abs(x) >= 1e-4 && Math.abs(x) < 1e6)) return String(Number(x.toPrecision(4)));
  return x.toExponential(2);
}

// One line of the data block, in the order in which rows.rs writes it.
function entryOf(data, line, id) {
  const [file, row, sha, detector, severity, score, p, q, reason, given, label, probability, columns, values] = line;
  const exact = (list, at) => (at === null ? null : (data[`exact_${list}`][at] ?? data[list][at]));
  const pairs = [];
  for (let i = 0; values && i < values.length; i += 2) pairs.push([data.columns[values[i]], values[i + 1]]);
  return {
    id,
    file: data.files[file],
    row,
    get sha256() {
      return digest(sha);
    },
    detector: data.detectors[detector],
    severity: SEVERITIES[severity],
    score,
    p,
    q,
    reason: data.reasons[reason],
    path: exact("files", file),
    given: exact("labels", given),
    suggested: exact("labels", label),
    label: label === null ? null : data.labels[label],
    probability,
    columns: columns.map((at) => data.columns[at]),
    values: values ? pairs : null,
    rank: severity,
    place: file,
    turn: detector,
  };
}

// Text in which `names` become code, as in the rest of the page.
function prose(text) {
  return text.split(/(`[^`]*`)/).map((part) =>
    part.length > 2 && part.startsWith("`") && part.endsWith("`") ? element("code", {}, part.slice(1, -1)) : part,
  );
}

// The text with every place marked that the reason quotes.
function marked(text, reason) {
  const quoted = [...reason.matchAll(/`([^`]+)`|"([^"]+)"/g)].map((m) => m[1] ?? m[2]);
  const found = quoted.filter((fragment) => text.includes(fragment) && fragment !== text);
  if (!found.length) return [text];
  const longest = found.reduce((a, b) => (b.length > a.length ? b : a));
  const parts = text.split(longest);
  return parts.flatMap((part, i) => (i ? [element("mark", {}, longest), part] : [part]));
}

function pairs(entry, chosen, kind) {
  const list = element("dl", { class: kind });
  for (const [column, value] of chosen) {
    const shown = kind.includes("against") ? marked(value, entry.reason) : [value];
    list.append(element("div", {}, element("dt", {}, column), element("dd", {}, ...shown)));
  }
  return list;
}

function valuesCell(entry) {
  if (!entry.values) return element("span", { class: "quiet" }, "not kept on this page: see the data");
  const against = entry.values.filter(([column]) => entry.columns.includes(column));
  const rest = entry.values.filter(([column]) => !entry.columns.includes(column));
  const cell = document.createDocumentFragment();
  if (against.length) cell.append(pairs(entry, against, "values against"));
  if (!rest.length) return cell;
  if (!against.length) {
    cell.append(pairs(entry, rest, "values"));
    return cell;
  }
  const more = element("details", {}, element("summary", {}, rest.length === 1 ? "1 other value" : `${rest.length} other values`));
  more.append(pairs(entry, rest, "values"));
  cell.append(more);
  return cell;
}

function whyCell(entry) {
  const cell = document.createDocumentFragment();
  const kind = element("p", { class: "kind" });
  const measures = [`score ${number(entry.score)}`];
  if (entry.p !== null) measures.push(`p ${number(entry.p)}`);
  if (entry.q !== null) measures.push(`q ${number(entry.q)}`);
  kind.append(element("span", { class: `badge ${entry.severity}` }, entry.severity), " ");
  kind.append(element("code", {}, entry.detector), " ", element("span", {}, measures.join(" · ")));
  cell.append(kind, element("p", {}, ...prose(entry.reason)));
  if (entry.label !== null) {
    const sure = element("span", { class: "quiet" }, `with probability ${number(entry.probability)}`);
    cell.append(element("p", {}, "Suggested label: ", element("code", {}, entry.label), " ", sure));
  }
  return cell;
}

function whereCell(entry) {
  const cell = document.createDocumentFragment();
  cell.append(element("strong", {}, entry.row.toLocaleString("en")), element("span", { class: "quiet" }, entry.file));
  cell.append(element("code", { class: "quiet", title: `SHA-256 of the row: ${entry.sha256}` }, `${entry.sha256.slice(0, 12)}…`));
  return cell;
}

const ORDERS = {
  severity: { title: "most severe first", by: (a, b) => b.rank - a.rank || b.score - a.score || a.id - b.id },
  score: { title: "highest score first", by: (a, b) => b.score - a.score || a.id - b.id },
  place: { title: "file and row", by: (a, b) => a.place - b.place || a.row - b.row || a.id - b.id },
  detector: { title: "detector", by: (a, b) => a.turn - b.turn || b.score - a.score || a.id - b.id },
};

const table = {
  data: null,
  entries: [],
  columns: [
    { key: "where", title: "Row", order: "place", cell: whereCell },
    { key: "why", title: "Why", order: "severity", cell: whyCell },
    { key: "values", title: "Values", cell: valuesCell },
  ],
  wanted: { detector: "", file: "", severity: "", text: "", order: "severity", page: 0 },

  // The entries that are wanted, in their order.
  view() {
    const { detector, file, severity, text, order } = this.wanted;
    const words = text.toLowerCase().split(/\s+/).filter((word) => word);
    const kept = this.entries.filter(
      (e) =>
        (!detector || e.detector === detector) &&
        (!file || e.file === file) &&
        (!severity || e.severity === severity) &&
        words.every((word) => this.words(e).includes(word)),
    );
    return kept.sort(ORDERS[order].by);
  },

  // Everything that can be searched for of an entry.
  words(entry) {
    entry.haystack ??= [entry.file, entry.row, entry.sha256, entry.detector, entry.severity, entry.reason, entry.label]
      .concat(entry.columns, (entry.values ?? []).flat())
      .join("\n")
      .toLowerCase();
    return entry.haystack;
  },

  draw() {
    const view = this.view();
    const last = Math.max(0, Math.ceil(view.length / PAGE) - 1);
    this.wanted.page = Math.min(this.wanted.page, last);
    const from = this.wanted.page * PAGE;
    const shown = view.slice(from, from + PAGE);
    const head = this.columns.map((column) => this.heading(column));
    const rows = shown.map((entry) => {
      const cells = this.columns.map((column) => element("td", { class: column.key }, column.cell(entry)));
      return element("tr", {}, ...cells);
    });
    if (!rows.length) rows.push(element("tr", {}, element("td", { colspan: this.columns.length }, "No row matches.")));
    const body = document.querySelector("#rows tbody");
    document.querySelector("#rows thead").replaceChildren(element("tr", {}, ...head));
    body.replaceChildren(...rows);
    const count = (n) => n.toLocaleString("en");
    const range = shown.length ? `${count(from + 1)} to ${count(from + shown.length)} of ${count(view.length)}` : "0";
    const all = view.length === this.entries.length ? "" : ` (${count(this.entries.length)} without the filters)`;
    document.getElementById("rows-count").textContent = `${range}${all}`;
    document.getElementById("rows-before").disabled = this.wanted.page === 0;
    document.getElementById("rows-after").disabled = this.wanted.page === last;
  },

  heading(column) {
    if (!column.order) return element("th", { scope: "col" }, column.title);
    const sorted = this.wanted.order === column.order;
    const button = element("button", { type: "button" }, column.title);
    button.addEventListener("click", () => this.want({ order: column.order }));
    return element("th", { scope: "col", ...(sorted && { "aria-sort": column.key === "where" ? "ascending" : "descending" }) }, button);
  },

  // Changes what is wanted, and the controls with it.
  want(changes) {
    Object.assign(this.wanted, { page: 0 }, changes);
    for (const [name, value] of Object.entries(this.wanted)) {
      const control = document.getElementById(`rows-${name}`);
      if (control && control.value !== value) control.value = value;
    }
    this.draw();
  },
};

function choice(name, title, options) {
  const select = element("select", { id: `rows-${name}` });
  for (const [value, text] of options) select.append(element("option", { value }, text));
  select.addEventListener("change", () => table.want({ [name]: select.value }));
  return element("label", {}, title, select);
}

// What can be chosen, with how often it is there; nothing where there is no choice.
function filter(name, title, values) {
  const counts = new Map();
  for (const entry of table.entries) counts.set(entry[name], (counts.get(entry[name]) ?? 0) + 1);
  const there = values.filter((value) => counts.has(value));
  if (there.length < 2 || there.length > MOST_CHOICES) return [];
  const options = there.map((value) => [value, `${value} (${counts.get(value).toLocaleString("en")})`]);
  return [choice(name, title, [["", "all"], ...options])];
}

function controls() {
  const search = element("input", { id: "rows-text", type: "search", placeholder: "values, reasons, digests" });
  let waiting;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => table.want({ text: search.value }), 120);
  });
  const turn = (id, text, by) => {
    const button = element("button", { id, type: "button" }, text);
    button.addEventListener("click", () => table.want({ page: table.wanted.page + by }));
    return button;
  };
  const pages = element("div", { class: "pages" }, turn("rows-before", "Previous", -1));
  pages.append(element("span", { id: "rows-count", role: "status" }), turn("rows-after", "Next", 1));
  const box = element("div", { class: "controls", role: "search", "aria-label": "Quarantined rows" });
  box.append(element("label", { class: "grow" }, "Search", search));
  box.append(...filter("detector", "Detector", table.data.detectors), ...filter("file", "File", table.data.files));
  box.append(...filter("severity", "Severity", [...SEVERITIES].reverse()));
  box.append(choice("order", "Sort by", Object.entries(ORDERS).map(([key, order]) => [key, order.title])), pages);
  document.getElementById("rows").parentElement.before(box);
}

// Links such as <a href="#quarantine" data-detector="trigger" data-text="cf"> show the rows they speak of; what a link leads
// to is unfolded.
function follow(event) {
  const link = event.target.closest("a[href^='#']");
  if (!link) return;
  const { detector, text = "" } = link.dataset;
  if (detector && table.data) table.want({ detector, text, file: "", severity: "" });
  unfold(link.hash);
}

function unfold(hash) {
  let at = hash && document.getElementById(hash.slice(1));
  for (; at; at = at.parentElement) if (at.localName === "details") at.open = true;
}

function start() {
  document.addEventListener("click", follow);
  unfold(location.hash);
  const block = document.getElementById("rows-data");
  if (!block) return;
  table.data = JSON.parse(block.textContent);
  table.entries = table.data.rows.map((line, id) => entryOf(table.data, line, id));
  controls();
  table.draw();
}

start();
