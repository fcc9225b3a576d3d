// What people decide about quarantined rows: a column of the table, and a file of decisions as docs/lineage.md has it. One
// decision for each row, whatever number of detectors suspect it; undone one after the other; nothing leaves the page but by
// the file.

const TYPE = "https://taster.dev/decisions/v0.1";
const CHOICES = { release: "keep", confirm: "drop", relabel: "relabel" };

const decisions = {
  made: new Map(),
  past: [],
  saved: true,

  // A row's name, the same for all its entries.
  key: (entry) => `${entry.place}:${entry.row}`,

  of(entry) {
    return this.made.get(this.key(entry));
  },

  // Decides on rows, all of which can be undone at once. `decision` is null to take a decision back.
  decide(entries, decision) {
    const before = new Map();
    for (const entry of entries) {
      const key = this.key(entry);
      if (!before.has(key)) before.set(key, this.made.get(key));
      if (decision) this.made.set(key, { ...decision, entry, on: new Date().toISOString().replace(/\.\d+Z$/, "Z") });
      else this.made.delete(key);
    }
    if (before.size) this.past.push(before);
    this.changed();
  },

  undo() {
    for (const [key, was] of this.past.pop() ?? []) {
      if (was) this.made.set(key, was);
      else this.made.delete(key);
    }
    this.changed();
  },

  changed() {
    this.saved = this.made.size === 0;
    table.draw();
    this.tell();
  },

  tell(problem = "") {
    const counts = Object.entries(CHOICES).map(([choice, word]) => {
      const n = [...this.made.values()].filter((d) => d.decision === choice).length;
      return n ? `${n.toLocaleString("en")} to ${word}` : "";
    });
    const told = counts.filter((text) => text).join(", ") || "none yet; rows without a decision are left out as before";
    document.getElementById("decisions-count").textContent = `Decisions: ${told}.`;
    document.getElementById("decisions-problem").textContent = problem;
    document.getElementById("decisions-undo").disabled = this.past.length === 0;
  },

  // The file, for the scan whose statement has this digest.
  file(sha256, by) {
    const ordered = [...this.made.values()].sort((a, b) => a.entry.place - b.entry.place || a.entry.row - b.entry.row);
    const made = ordered.map(({ entry, decision, label, why, on }) => ({
      file: entry.path,
      row: entry.row,
      rowSha256: entry.sha256,
      decision,
      ...(decision === "relabel" && { label, ...(entry.given !== null && { was: entry.given }) }),
      by,
      on,
      why: why || null,
    }));
    return { type: TYPE, manifest: { sha256 }, decisions: made };
  },

  // Takes over the decisions of a file that was saved before. Those on rows that are not on this page stay as they are.
  load(file) {
    if (file.type !== TYPE) throw new Error("this is no file of decisions");
    const rows = new Map(table.entries.map((entry) => [`${entry.path}\n${entry.row}`, entry]));
    const before = new Map();
    let unknown = 0;
    for (const { file: path, row, rowSha256, decision, label, why, on } of file.decisions) {
      const entry = rows.get(`${path}\n${row}`);
      if (!entry || entry.sha256 !== rowSha256 || !(decision in CHOICES)) {
        unknown += 1;
        continue;
      }
      before.set(this.key(entry), this.of(entry));
      this.made.set(this.key(entry), { decision, label, why, on, entry });
    }
    if (before.size) this.past.push(before);
    this.changed();
    if (unknown) this.tell(`${unknown} decisions of the file are about rows that are not on this page, and were left out.`);
  },
};

async function sha256Of(bytes) {
  if (!crypto.subtle) throw new Error("browsers compute digests for pages from disk or https alone; open this one from disk");
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// The digest of a manifest's statement, if it is that of this scan.
async function statementOf(text) {
  const payload = Uint8Array.from(atob(JSON.parse(text).payload), (c) => c.charCodeAt(0));
  const statement = JSON.parse(new TextDecoder().decode(payload));
  if (statement.predicate?.dataset?.rowsRoot !== table.data.rows_root) throw new Error("it is of another dataset");
  return sha256Of(payload);
}

function download(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = element("a", { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

// Asks for a file of this computer and gives its text to `use`; what goes wrong is told.
function picker(id, title, use) {
  const input = element("input", { id, type: "file", accept: ".json,application/json" });
  input.addEventListener("change", async () => {
    try {
      if (input.files[0]) await use(await input.files[0].text());
    } catch (error) {
      decisions.tell(`${input.files[0].name} cannot be used: ${error.message}.`);
    }
    input.value = "";
  });
  return element("label", {}, title, input);
}

function decisionCell(entry) {
  const made = decisions.of(entry);
  const cell = document.createDocumentFragment();
  const name = `row ${entry.row} of ${entry.file}`;
  const select = element("select", { "aria-label": `Decision on ${name}` }, element("option", { value: "" }, "undecided"));
  for (const [choice, word] of Object.entries(CHOICES)) {
    if (choice === "relabel" && !table.data.labelled) continue;
    select.append(element("option", { value: choice }, word));
  }
  select.value = made?.decision ?? "";
  select.addEventListener("change", () => {
    const label = select.value === "relabel" ? (made?.label ?? entry.suggested ?? entry.given ?? "") : undefined;
    decisions.decide([entry], select.value ? { decision: select.value, label, why: made?.why } : null);
  });
  cell.append(select);
  if (!made) return cell;
  const field = (kind, text, value) => {
    const input = element("input", { type: "text", "aria-label": `${text} for ${name}`, placeholder: text, value: value ?? "" });
    input.addEventListener("change", () => decisions.decide([entry], { ...made, [kind]: input.value }));
    return input;
  };
  if (made.decision === "relabel") cell.append(field("label", "New label", made.label));
  cell.append(field("why", "Reason", made.why));
  return cell;
}

function decisionControls() {
  const button = (id, text, act) => {
    const made = element("button", { id, type: "button" }, text);
    made.addEventListener("click", act);
    return made;
  };
  const all = (choice) => () => decisions.decide(table.view(), { decision: choice });
  const by = element("input", { id: "decisions-by", type: "text", autocomplete: "email", placeholder: "you@example.com" });
  const save = async (text) => {
    const who = by.value.trim();
    if (!who) throw new Error("say first who decides");
    const file = decisions.file(await statementOf(text), who);
    download("decisions.json", `${JSON.stringify(file, null, 2)}\n`);
    decisions.saved = true;
  };
  const box = element("details", { id: "decisions" }, element("summary", {}, "Decide on rows: keep, drop or relabel"));
  const bulk = element("div", { class: "controls" });
  bulk.append(button("decisions-keep", "Keep all that match", all("release")));
  bulk.append(button("decisions-drop", "Drop all that match", all("confirm")));
  bulk.append(button("decisions-undo", "Undo", () => decisions.undo()));
  bulk.append(picker("decisions-load", "Go on with a saved file", async (text) => decisions.load(JSON.parse(text))));
  const out = element("div", { class: "controls" }, element("label", {}, "Decided by", by));
  out.append(picker("decisions-save", "Save: choose the manifest.json beside this page", save));
  const note = "Decisions are kept in this page until it is closed, and leave it only by the file that you save: ";
  const how = element("p", { class: "note" }, note, element("code", {}, "taster apply REPORT DATA --decisions decisions.json --out FILE"));
  how.append(" then makes the dataset that was decided on.");
  box.append(how, element("p", { id: "decisions-count", role: "status" }), bulk, out);
  box.append(element("p", { id: "decisions-problem", class: "problem", role: "alert" }));
  box.addEventListener("toggle", () => {
    table.columns = table.columns.filter((column) => column.key !== "decision");
    if (box.open) table.columns.push({ key: "decision", title: "Decision", cell: decisionCell });
    table.draw();
  });
  document.getElementById("rows").parentElement.before(box);
  decisions.tell();
}

if (table.data) {
  decisionControls();
  window.addEventListener("beforeunload", (event) => decisions.saved || event.preventDefault());
}
