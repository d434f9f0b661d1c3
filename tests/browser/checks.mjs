// What is checked of a page. Each check returns complaints, a line each.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

export async function axe(page) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(AXE);
  const violations = await page.evaluate(async (tags) => {
    const found = await window.axe.run(document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] });
    return found.violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.target.join(" ") + " " + (n.any[0]?.message ?? n.all[0]?.message ?? n.none[0]?.message ?? "")).join(" | ")}`);
  }, TAGS);
  return violations.map((v) => `axe ${v}`);
}

// Wider than the window? Names what sticks out.
export async function overflow(page, what) {
  return page.evaluate((what) => {
    const root = document.documentElement;
    if (root.scrollWidth <= root.clientWidth) return [];
    const inScroller = (e) => { for (let p = e.parentElement; p; p = p.parentElement) { if (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(p).overflowX) && p !== document.body && p !== root) return true; } return false; };
    const out = [...document.body.querySelectorAll("*")].filter((e) => { const r = e.getBoundingClientRect(); return r.width > 0 && (r.right > root.clientWidth + 1 || r.left < -1) && !inScroller(e); });
    const name = (e) => `${e.tagName.toLowerCase()}${e.className ? "." + String(e.className).replaceAll(" ", ".") : ""}`;
    return [`overflows ${what}: ${root.scrollWidth} > ${root.clientWidth}: ${out.slice(0, 4).map(name).join(", ")}`];
  }, what);
}

// The next Tab goes to the first stop of the page: where something with the focus was taken away, the browser goes on from its place.
async function fromTheTop(page) {
  await page.evaluate(() => {
    const first = document.createElement("button");
    document.body.prepend(first);
    first.focus();
    first.remove();
  });
}

// Every control that can be seen is reached by Tab, in both senses: focused, and seen to be.
export async function keyboard(page) {
  const wanted = await page.evaluate(() => {
    const can = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
    const shown = [...document.querySelectorAll(can)].filter((e) => e.checkVisibility({ visibilityProperty: true }) && !e.matches(":disabled"));
    shown.forEach((e, at) => e.setAttribute("data-reach", at));
    // of radio buttons of one name Tab reaches one
    return shown.filter((e) => e.type !== "radio").map((e) => [e.getAttribute("data-reach"), `${e.tagName.toLowerCase()} ${e.getAttribute("href") ?? e.name ?? ""} ${e.textContent.trim().slice(0, 20)}`]);
  });
  // noted by the page itself at each stop: asking after each key would take ten times as long
  await page.evaluate(() => {
    window.reached = {};
    document.addEventListener("focusin", ({ target: e }) => {
      const style = getComputedStyle(e);
      const box = e.getBoundingClientRect();
      const middle = document.elementFromPoint(Math.min(Math.max(box.left + 3, 0), innerWidth - 1), Math.min(Math.max(box.top + box.height / 2, 0), innerHeight - 1));
      const hidden = box.width > 0 && box.top >= 0 && box.bottom <= innerHeight && middle !== null && !e.contains(middle) && !middle.contains(e) && !middle.closest("label");
      window.reached[e.getAttribute("data-reach")] ??= [style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2, hidden ? `${middle.tagName.toLowerCase()}.${middle.className}` : ""];
    });
  });
  await fromTheTop(page);
  // a few more: the browser's own stops, such as a list that scrolls
  for (let pressed = 0; pressed < wanted.length + 3; pressed += 1) await page.keyboard.press("Tab");
  const reached = new Map(Object.entries(await page.evaluate(() => window.reached)));
  const complaints = [];
  for (const [at, name] of wanted) {
    const found = reached.get(at);
    if (!found) complaints.push(`Tab does not reach ${name}`);
    else if (!found[0]) complaints.push(`the focus on ${name} cannot be seen`);
    else if (found[1]) complaints.push(`the focus on ${name} is behind ${found[1]}`);
  }
  return complaints;
}

// The skip link comes first and leads to the content.
export async function skipLink(page) {
  await fromTheTop(page);
  await page.keyboard.press("Tab");
  const first = await page.evaluate(() => document.activeElement?.className);
  if (first !== "skip") return [`the first stop is not the skip link but ${first}`];
  await page.keyboard.press("Enter");
  const at = await page.evaluate(() => document.activeElement?.id);
  return at === "main" ? [] : [`the skip link leads to ${at}`];
}

// What can be pressed is at least 24 pixels high and wide (WCAG 2.5.8); links in running text are free.
export async function targetSizes(page) {
  const small = await page.evaluate(() => [...document.querySelectorAll("button, summary, select, input:not([type=hidden], [type=checkbox], [type=radio]), a.button, nav a")]
    .filter((e) => e.checkVisibility({ visibilityProperty: true }))
    .map((e) => [e, e.getBoundingClientRect()]).filter(([, r]) => r.width > 0 && (r.height < 24 || r.width < 24))
    .map(([e, r]) => `${e.tagName.toLowerCase()} ${e.textContent.trim().slice(0, 20)} is ${Math.round(r.width)} × ${Math.round(r.height)}`));
  return small.map((s) => `too small to press: ${s}`);
}

// A page in Bengali: it says so, its lines are high enough, and none of its own words is left in English. Names, cells and what somebody wrote may be.
export async function bengali(page) {
  return page.evaluate(() => {
    const found = document.documentElement.lang === "bn" ? [] : [`the language is ${document.documentElement.lang}`];
    for (const e of document.querySelectorAll("h1, h2, p, label, button, th, td, dt, input, select")) {
      const style = getComputedStyle(e);
      const height = parseFloat(style.lineHeight) / parseFloat(style.fontSize);
      if (height < 1.59) found.push(`lines of ${e.tagName.toLowerCase()} are ${height.toFixed(2)} high`);
      if (style.letterSpacing !== "normal" || style.textTransform !== "none") found.push(`${e.tagName.toLowerCase()} is spaced or in capitals`);
    }
    const own = "h1, h2, h3, p:not(.notice.bad), label, legend, button, summary, a.button, nav a, th[scope=col], dt, .hint, .state, option";
    const english = [...document.querySelectorAll(own)].filter((e) => !e.closest("td, [dir=ltr]")).map((e) => e.textContent.match(/(?:[A-Za-z']+ ){3,}[A-Za-z']+/)?.[0]);
    return [...new Set([...found, ...english.filter(Boolean).map((text) => `in English: ${text}`)])];
  });
}

// A page's shape: what its content consists of, whatever the words and the menu. Pages of one shape are checked once by what takes long.
export async function shape(page) {
  return page.evaluate(() => {
    const rows = new Map();
    const walk = (e, depth) => {
      const kind = `${"/".repeat(depth)}${e.tagName}.${e.className?.baseVal ?? e.className}#${e.name ?? ""}${e.getAttribute("aria-invalid") ?? ""}${e.getAttribute("aria-current") ?? ""}`;
      rows.set(kind, true);
      for (const child of e.children) walk(child, depth + 1);
    };
    walk(document.querySelector("main"), 0);
    for (const e of document.querySelectorAll(".banner")) rows.set(e.className, true);
    return [...rows.keys()].join("\n");
  });
}
