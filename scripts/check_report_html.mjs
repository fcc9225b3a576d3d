// Opens report.html in a real Chromium, in light, dark, on a phone, on paper and without scripts: of a hostile dataset, of one
// with more quarantined rows than a page holds, which must show 20,000 of them, and of the loans fixture. Each must open in
// under two seconds without console errors, be under 5 MB, load nothing, run nothing that the data holds, fit the screen, and
// have no serious violation of axe-core's rules; the quarantine table must sort, filter, search and page, and decisions made
// in it must be those that a scan then finds applied.
//
//   npm install --prefix DIR playwright-core axe-core
//   NODE_PATH=DIR/node_modules node scripts/check_report_html.mjs [--taster PROGRAM] [--screenshots FOLDER] [REPORT.html...]
//
// Reports that are named are checked beside those. Says why and ends with status 0 where there is no Chromium or a package
// is missing.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const ROOT = resolve(fileURLToPath(import.meta.url), "../..");
const SERIOUS = ["serious", "critical"];
const MOST_BYTES = 5_000_000;
const MOST_MS = 2_000;
const MANY = 20_000;
const ATTACKS = [
  "<script>window.ran=1</script>",
  '"><img src=x onerror="window.ran=1">',
  "</style></code></td><svg onload=window.ran=1>",
  "[click](javascript:window.ran=1)",
  "javascript:window.ran=1",
  "<iframe srcdoc='<script>parent.ran=1</script>'></iframe>",
  "</script><script>window.ran=1</script>",
  "<!--<script>",
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { taster: { type: "string", default: "target/release/taster" }, screenshots: { type: "string" } },
});

function skip(why) {
  console.log(`skipped: ${why}`);
  process.exit(0);
}

function packages() {
  const require = createRequire(import.meta.url);
  try {
    return [require("playwright-core").chromium, readFileSync(require.resolve("axe-core/axe.min.js"), "utf8")];
  } catch (error) {
    return skip(error.message.split("\n")[0]);
  }
}

function browserPath() {
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const found = names.map((name) => spawnSync("which", [name]).stdout?.toString().trim()).find((path) => path);
  return found ?? skip("there is no Chromium on the path");
}

function scan(folder, data, args) {
  const out = join(folder, "report");
  const run = spawnSync(resolve(values.taster), ["scan", data, "--out", out, "--seed", "1", "--quiet", ...args]);
  if (run.status === null || run.status > 1) throw new Error(`the scan did not end: ${run.stderr}`);
  return join(out, "report.html");
}

// A dataset whose names, cells and labels are attacks, with something to find in it.
function hostileReport(folder) {
  const row = (a, b, c, d, e, label) => JSON.stringify({ n: a, m: b, k: c, [ATTACKS[0]]: d, [ATTACKS[1]]: e, label });
  const lines = [];
  for (let i = 0; i < 400; i++) {
    const flipped = i % 40 === 7;
    const side = (i % 2 === 0) !== flipped;
    const numbers = [(i % 2) * 10 + ((i * 37) % 100) / 50, (i * 53) % 97, (i * 29) % 83];
    lines.push(row(...numbers, ATTACKS[2 + (i % 6)], ATTACKS[i % 2], ATTACKS[side ? 0 : 6]));
  }
  for (let i = 0; i < 60; i++) lines.push(lines[5]);
  for (let i = 0; i < 6; i++) lines.push(row(1e9 + i, 1, 1, ATTACKS[7 - i], ATTACKS[1], ATTACKS[0]));
  const data = join(folder, "<img src=x onerror=window.ran=1>.jsonl");
  writeFileSync(data, lines.join("\n") + "\n");
  return scan(folder, data, ["--label", "label"]);
}

// A table of which nearly all rows are quarantined: more than fit into the page.
function longReport(folder) {
  const lines = ["a,b,c,d,e,f,place,kind,note,label"];
  const towns = ["north", "south", "east", "west"];
  for (let i = 0; i < 1.6 * MANY; i++) {
    const numbers = [i % 97, (i * 31) % 1009, ((i * 17) % 251) / 7, i, (i * i) % 8191, i % 13];
    lines.push([...numbers, towns[i % 4], `kind ${i % 29}`, `an ordinary remark number ${i}`, i % 97 > 48 ? "yes" : "no"].join(","));
  }
  const data = join(folder, "long.csv");
  writeFileSync(data, lines.join("\n") + "\n");
  const config = join(folder, "taster.toml");
  writeFileSync(config, "[policy]\nmax_share = 0.999999\n[detectors.outlier]\nthreshold = 0.003\n");
  const report = scan(folder, data, ["--label", "label", "--config", config]);
  const { quarantined_rows: rows } = JSON.parse(readFileSync(join(folder, "report/findings.json")));
  if (rows < 1.3 * MANY) throw new Error(`only ${rows} rows are quarantined`);
  return report;
}

const VIEWS = [
  { name: "light", colorScheme: "light", viewport: { width: 1280, height: 900 } },
  { name: "dark", colorScheme: "dark", viewport: { width: 1280, height: 900 } },
  { name: "narrow", colorScheme: "light", viewport: { width: 390, height: 844 } },
  { name: "narrow-dark", colorScheme: "dark", viewport: { width: 390, height: 844 } },
];

// Sorts, filters, searches and pages, and says what went wrong.
async function useTable(page, least) {
  const problems = [];
  const expect = (yes, what) => yes || problems.push(`table: ${what}`);
  const total = await page.evaluate(() => table.entries.length);
  const count = () => page.locator("#rows-count").textContent();
  const shown = () => page.locator("#rows tbody tr").count();
  expect(total >= least, `the page has ${total} rows`);
  expect((await shown()) === Math.min(total, 50), "the first page does not hold 50 rows");

  await page.selectOption("#rows-order", "score");
  const scores = (await page.locator("#rows tbody .why .kind").allTextContents()).map((t) => Number(/score ([\d.e-]+)/.exec(t)[1]));
  expect(scores.every((score, i) => i === 0 || score <= scores[i - 1]), "it is not in order of score");
  await page.selectOption("#rows-order", "place");
  const rows = (await page.locator("#rows tbody .where strong").allTextContents()).map((t) => Number(t.replaceAll(",", "")));
  expect(rows.every((row, i) => i === 0 || row >= rows[i - 1]), "it is not in order of rows");

  const sought = await page.evaluate(() => table.entries[table.entries.length - 1].sha256);
  await page.fill("#rows-text", sought.slice(0, 16));
  await page.waitForFunction(() => table.wanted.text !== "");
  const found = await page.locator("#rows tbody .where code").allTextContents();
  expect(found.length >= 1 && found.every((text) => sought.startsWith(text.slice(0, 12))), `a search finds ${found}`);
  await page.fill("#rows-text", "there is no such text");
  await page.waitForFunction(() => table.wanted.text.startsWith("there"));
  expect((await page.locator("#rows tbody").textContent()) === "No row matches.", "a search finds what is not there");
  await page.fill("#rows-text", "");
  await page.waitForFunction(() => table.wanted.text === "");

  for (const name of ["detector", "file", "severity"]) {
    const select = page.locator(`#rows-${name}`);
    if (!(await select.count())) continue;
    const option = await select.locator("option").nth(1).getAttribute("value");
    await select.selectOption(option);
    const wrong = await page.evaluate(([name, option]) => table.view().filter((e) => e[name] !== option).length, [name, option]);
    const text = await count();
    expect(wrong === 0 && text.includes("without the filters"), `${name} does not filter: ${text}`);
    await select.selectOption("");
  }
  if (total > 50) {
    await page.click("#rows-after");
    expect((await count()).startsWith("51 to "), `the second page is ${await count()}`);
    await page.click("#rows-before");
    expect((await count()).startsWith("1 to "), "there is no way back");
  }
  // On a phone the headings are not shown, and the order is chosen from the list alone.
  const heading = page.locator("#rows thead button").first();
  if (await heading.isVisible()) await heading.click();
  expect((await page.locator("#rows th[aria-sort]").count()) === 1, "no heading says what the table is sorted by");
  await page.evaluate(() => table.want({ order: "severity" }));
  await page.waitForTimeout(50);
  return problems;
}

// Keeps, drops and relabels rows, undoes, saves, goes on with what was saved; then the data that was decided on is made, and a
// scan must find that it is what the decisions say.
async function decide(browser, path, folder) {
  const problems = [];
  const expect = (yes, what) => yes || problems.push(`decisions: ${what}`);
  const context = await browser.newContext({ acceptDownloads: true, offline: true });
  const page = await context.newPage();
  page.on("pageerror", (error) => problems.push(`error: ${error.message}`));
  page.on("console", (message) => message.type() === "error" && problems.push(`console: ${message.text()}`));
  await page.goto(pathToFileURL(path).href);
  await page.click("#decisions summary");
  await page.selectOption("#rows-detector", "label-flip");
  const choose = (at, choice) => page.locator("#rows tbody td.decision select").nth(at).selectOption(choice);
  await choose(0, "relabel");
  await choose(1, "release");
  await page.locator("#rows tbody td.decision input[placeholder=Reason]").nth(1).fill("looked up \u201ctwice\u201d <b>");
  await page.locator("#rows-text").focus();
  await choose(2, "confirm");
  await page.click("#decisions-keep");
  expect((await page.evaluate(() => decisions.made.size)) > 3, "not all that match are kept");
  await page.click("#decisions-undo");
  expect((await page.evaluate(() => decisions.made.size)) === 3, "undoing does not bring back what was");
  const manifest = join(path, "../manifest.json");
  await page.setInputFiles("#decisions-save", manifest);
  await page.waitForFunction(() => document.getElementById("decisions-problem").textContent.includes("who decides"));
  await page.fill("#decisions-by", "ada@example.com");
  const saved = page.waitForEvent("download");
  await page.setInputFiles("#decisions-save", manifest);
  const file = join(folder, "decisions.json");
  await (await saved).saveAs(file);
  const quarantined = await page.evaluate(() => [...new Set(table.entries.map((entry) => entry.row))]);
  await page.reload();
  await page.click("#decisions summary");
  await page.setInputFiles("#decisions-load", file);
  await page.waitForFunction(() => decisions.made.size === 3);
  expect((await page.locator("#decisions-count").textContent()).includes("1 to keep, 1 to drop, 1 to relabel"), "they are not counted");
  await context.close();

  const made = JSON.parse(readFileSync(file)).decisions;
  const on = new Map(made.map((decision) => [decision.row, decision]));
  const lines = readFileSync(join(ROOT, "fixtures/loans/poisoned.csv"), "utf8").trimEnd().split("\n");
  const kept = lines.slice(1).flatMap((line, row) => {
    const { decision, label } = on.get(row) ?? {};
    if (decision === "relabel") return [line.replace(/[^,]*$/, label)];
    return decision === "release" || !quarantined.includes(row) ? [line] : [];
  });
  const data = join(folder, "poisoned.csv");
  writeFileSync(data, [lines[0], ...kept, ""].join("\n"));
  const report = scan(folder, data, ["--label", "approved", "--parent", manifest, "--decisions", file]);
  const statement = JSON.parse(Buffer.from(JSON.parse(readFileSync(join(report, "../manifest.json"))).payload, "base64"));
  const { relation } = statement.predicate.lineage;
  expect(made.length === 3 && relation === "reviewed", `the scan calls the data ${relation}`);
  console.log(`decisions made on the page, applied and scanned: ${relation}, ${problems.length} problems`);
  problems.forEach((problem) => console.log(`  ${problem}`));
  return problems.length;
}

async function check(browser, axe, path, title, view) {
  const problems = [];
  const context = await browser.newContext({ colorScheme: view.colorScheme, viewport: view.viewport, offline: true });
  const page = await context.newPage();
  page.on("console", (message) => message.type() === "error" && problems.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => problems.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => problems.push(`dialog: ${dialog.message()}`) && dialog.dismiss());
  const url = pathToFileURL(path).href;
  page.on("request", (request) => request.url() !== url && problems.push(`request: ${request.url()}`));
  const started = performance.now();
  await page.goto(url, { waitUntil: "load" });
  const ms = Math.round(performance.now() - started);
  if (ms > MOST_MS) problems.push(`it took ${ms} ms to open`);
  if (values.screenshots) {
    mkdirSync(values.screenshots, { recursive: true });
    await page.screenshot({ path: join(values.screenshots, `${title}-${view.name}.png`), fullPage: true });
  }
  if (await page.locator("#rows").count()) problems.push(...(await useTable(page, title === "long" ? MANY : 1)));
  if (await page.locator("#decisions").count()) await page.click("#decisions summary");
  // What is folded away must be as harmless, and is looked at too.
  await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
  if (await page.evaluate(() => window.ran !== undefined)) problems.push("something in the data was run");
  const links = await page.evaluate(() =>
    [...document.querySelectorAll("a[href]")].map((a) => a.getAttribute("href")).filter((href) => !/^(#|https:\/\/)/.test(href)),
  );
  problems.push(...links.map((href) => `link: ${href}`));
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (wide > 0) problems.push(`it is ${wide} pixels wider than the screen`);
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document));
  for (const violation of violations.filter((v) => SERIOUS.includes(v.impact))) {
    problems.push(`axe ${violation.impact} ${violation.id} (${violation.nodes.length}): ${violation.nodes[0].html.slice(0, 160)}`);
  }
  await context.close();
  console.log(`${title} ${view.name}: ${ms} ms, ${problems.length} problems`);
  problems.forEach((problem) => console.log(`  ${problem}`));
  return problems.length;
}

// Where scripts are off, the first rows are there all the same; on paper the page has no controls and hides nothing.
async function checkElsewhere(browser, path, title) {
  const problems = [];
  const context = await browser.newContext({ javaScriptEnabled: false, offline: true });
  const still = await context.newPage();
  await still.goto(pathToFileURL(path).href);
  if ((await still.locator("#rows").count()) && !(await still.locator("#rows tbody tr").count())) {
    problems.push("no row is shown where no script runs");
  }
  await context.close();
  const printed = await browser.newPage();
  await printed.goto(pathToFileURL(path).href);
  await printed.emulateMedia({ media: "print" });
  if (await printed.locator("nav, .controls button, .controls select").filter({ visible: true }).count()) {
    problems.push("controls are printed");
  }
  if (values.screenshots) await printed.screenshot({ path: join(values.screenshots, `${title}-print.png`), fullPage: true });
  await printed.close();
  console.log(`${title} without scripts and on paper: ${problems.length} problems`);
  problems.forEach((problem) => console.log(`  ${problem}`));
  return problems.length;
}

const [chromium, axe] = packages();
const executablePath = browserPath();
if (!existsSync(values.taster)) skip(`there is no program at ${values.taster}`);
const folder = mkdtempSync(join(tmpdir(), "taster-html-"));
const inside = (name) => mkdirSync(join(folder, name), { recursive: true }) ?? join(folder, name);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
let problems = 0;
try {
  const loans = join(ROOT, "fixtures/loans/poisoned.csv");
  const reports = [
    ["hostile", hostileReport(inside("hostile"))],
    ["long", longReport(inside("long"))],
    ["loans", scan(inside("loans"), loans, ["--label", "approved"])],
    ...positionals.map((path, i) => [`report-${i + 1}`, resolve(path)]),
  ];
  console.log(execFileSync(executablePath, ["--version"], { stdio: ["ignore", "pipe", "ignore"] }).toString().trim());
  for (const [title, path] of reports) {
    const bytes = statSync(path).size;
    if (bytes > MOST_BYTES) problems += 1;
    console.log(`${title}: ${bytes} bytes`);
    for (const view of VIEWS) problems += await check(browser, axe, path, title, view);
    problems += await checkElsewhere(browser, path, title);
    if (title === "loans") problems += await decide(browser, path, inside("decided"));
  }
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}
process.exit(problems === 0 ? 0 : 1);
