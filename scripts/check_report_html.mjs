// Opens report.html of a hostile dataset in a real Chromium: in light, dark and on a phone it must open in under two
// seconds without console errors, load nothing, run nothing that the data holds, and have no serious violation of
// axe-core's rules.
//
//   npm install --prefix DIR playwright-core axe-core
//   NODE_PATH=DIR/node_modules node scripts/check_report_html.mjs [--taster PROGRAM] [--screenshots FOLDER] [REPORT.html...]
//
// Reports that are named are checked beside the hostile one. Says why and ends with status 0 where there is no Chromium
// or a package is missing.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const SERIOUS = ["serious", "critical"];
const MOST_BYTES = 5_000_000;
const MOST_MS = 2_000;
const ATTACKS = [
  "<script>window.ran=1</script>",
  '"><img src=x onerror="window.ran=1">',
  "</style></code></td><svg onload=window.ran=1>",
  "[click](javascript:window.ran=1)",
  "javascript:window.ran=1",
  "<iframe srcdoc='<script>parent.ran=1</script>'></iframe>",
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

// A dataset whose names, cells and labels are attacks, with something to find in it.
function hostileReport(folder) {
  const row = (a, b, c, d, e, label) => JSON.stringify({ n: a, m: b, k: c, [ATTACKS[0]]: d, [ATTACKS[1]]: e, label });
  const lines = [];
  for (let i = 0; i < 400; i++) {
    const flipped = i % 40 === 7;
    const side = (i % 2 === 0) !== flipped;
    const numbers = [(i % 2) * 10 + ((i * 37) % 100) / 50, (i * 53) % 97, (i * 29) % 83];
    lines.push(row(...numbers, ATTACKS[2 + (i % 4)], ATTACKS[i % 2], ATTACKS[side ? 0 : 3]));
  }
  for (let i = 0; i < 60; i++) lines.push(lines[5]);
  lines.push(row(1e9, 1, 1, ATTACKS[4], ATTACKS[1], ATTACKS[0]));
  const data = join(folder, "<img src=x onerror=window.ran=1>.jsonl");
  writeFileSync(data, lines.join("\n") + "\n");
  const out = join(folder, "report");
  const run = spawnSync(resolve(values.taster), ["scan", data, "--label", "label", "--out", out, "--seed", "1", "--quiet"]);
  if (run.status === null || run.status > 1) throw new Error(`the scan did not end: ${run.stderr}`);
  return join(out, "report.html");
}

const VIEWS = [
  { name: "light", colorScheme: "light", viewport: { width: 1280, height: 900 } },
  { name: "dark", colorScheme: "dark", viewport: { width: 1280, height: 900 } },
  { name: "narrow", colorScheme: "light", viewport: { width: 375, height: 800 } },
];

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
  if (values.screenshots) {
    mkdirSync(values.screenshots, { recursive: true });
    await page.screenshot({ path: join(values.screenshots, `${title}-${view.name}.png`) });
  }
  await context.close();
  console.log(`${title} ${view.name}: ${ms} ms, ${problems.length} problems`);
  problems.forEach((problem) => console.log(`  ${problem}`));
  return problems.length;
}

const [chromium, axe] = packages();
const executablePath = browserPath();
if (!existsSync(values.taster)) skip(`there is no program at ${values.taster}`);
const folder = mkdtempSync(join(tmpdir(), "taster-html-"));
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
let problems = 0;
try {
  const reports = [["hostile", hostileReport(folder)], ...positionals.map((path, i) => [`report-${i + 1}`, resolve(path)])];
  console.log(execFileSync(executablePath, ["--version"]).toString().trim());
  for (const [title, path] of reports) {
    const bytes = statSync(path).size;
    if (bytes > MOST_BYTES) problems += 1;
    console.log(`${title}: ${bytes} bytes`);
    for (const view of VIEWS) problems += await check(browser, axe, path, title, view);
  }
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}
process.exit(problems === 0 ? 0 : 1);
