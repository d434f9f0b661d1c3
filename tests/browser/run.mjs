// Every page of every role in a real browser. See README.md.
import { resolve } from "node:path";
import { chromium } from "playwright-core";
import { axe, bengali, keyboard, overflow, shape, skipLink, targetSizes } from "./checks.mjs";
import { startDemo } from "./demo.mjs";
import { openGallery } from "./gallery.mjs";
import { JOURNEYS } from "./journeys/all.mjs";

const [program, pictures] = process.argv.slice(2, 4).map((path) => resolve(path));
const only = process.argv.slice(4);
// `journeys`, and names of some of them: nothing is looked at before
const journeysOnly = only[0] === "journeys" ? only.splice(0) : null;
if (!pictures) throw new Error("usage: node run.mjs path/to/tollgate folder/for/pictures [role... | journeys [name...]]");
const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const EXECUTABLE = process.env.TOLLGATE_TEST_CHROMIUM ?? "/usr/bin/chromium";
// A list's pages of single things look alike: so many of a kind are opened for each role.
const MOST_OF_A_KIND = 2;
// In another order, or with other columns, a list has the same shape.
const SHAPELESS = ["sort", "cols"];
const gallery = openGallery(pictures);
const complaints = new Map();
// Sign-ins of roles, for what is done after their pages were looked at.
const signedIn = new Map();
const seen = new Set();
// What looks alike in English does so in Bengali; so many pages at most.
const seenInBengali = new Set();
const MOST_IN_BENGALI = 32;
let pages = 0;

function complain(where, found) {
  for (const one of found) {
    const places = complaints.get(one) ?? [];
    complaints.set(one, [...places, where]);
  }
}

// Listens for what no page may do. `page.expected` is the status that the next page should have.
function watch(page, origin, who) {
  page.on("console", (message) => {
    if (message.type() !== "error") return;
    if (/Failed to load resource.*status of 4\d\d/.test(message.text()) && message.location().url === page.url()) return;
    complain(`${who} ${page.url()}`, [`console: ${message.text()}`]);
  });
  page.on("pageerror", (error) => complain(`${who} ${page.url()}`, [`error: ${error}`]));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol !== "data:" && url.origin !== origin) complain(who, [`asks another host: ${url.origin}`]);
  });
}

async function follow(page, origin) {
  const links = await page.evaluate(() => [...document.querySelectorAll("a[href]")].map((a) => a.href));
  return links.map((href) => new URL(href)).filter((url) => url.origin === origin && !url.pathname.endsWith(".csv")).map((url) => url.pathname + url.search);
}

// Ids and secrets left out, so that pages of one kind can be counted. Forms of filters are the engine's, whatever the list.
const kind = (path) => /[?&](add|edit)=/.test(path) && !path.startsWith("/customers") ? path.replace(/.*[?&](add|edit)=.*/, "a list's form: $1") : path.replaceAll(/\d{6,}/g, "N").replace(/(roles|verb=|kind=)[^&]*/, "$1").replace(/after=[^&]*/, "after").replace(/\?.*/, (q) => "?" + [...new Set(new URLSearchParams(q).keys())].filter((name) => !SHAPELESS.includes(name)).sort().join());

// One page in all its looks.
async function look(context, page, who, path) {
  const where = `${who} ${path}`;
  pages += 1;
  complain(where, await page.evaluate(() => [
    ...[...document.scripts].filter((s) => s.textContent || !/^\/static\/panel-[0-9a-f]{12}\.js$/.test(s.getAttribute("src"))).map((s) => `there is a script of its own: ${s.outerHTML.slice(0, 80)}`),
    ...(document.title.length < 5 ? ["no title"] : []),
    ...(document.querySelectorAll("h1").length === 1 ? [] : ["not one h1"]),
    ...(document.documentElement.lang ? [] : ["no language"]),
  ]));
  const form = await shape(page);
  if (seen.has(form)) return;
  seen.add(form);
  const name = `${who}-${path.replaceAll(/\d{6,}/g, "n").replace(/link\/.*|setup\/.*/, "$&".slice(0, 0) + "link")}`;
  for (const [theme, width] of [["light", 1280], ["dark", 1280], ["light", 360], ["dark", 360]]) {
    await page.setViewportSize({ width, height: width === 360 ? 740 : 800 });
    await page.emulateMedia({ colorScheme: theme });
    if (width === 360) complain(where, await overflow(page, "at 360"));
    if ((theme === "light") === (width === 1280)) complain(where, await axe(page));
    if (theme === "light" || width === 1280) await gallery.take(page, `${name}-${theme}-${width}`);
  }
  for (const [width, what] of [[320, "at 320 (400 % of 1280)"], [640, "at 640 (200 % of 1280)"], [1280, "at 1280"]]) {
    await page.setViewportSize({ width, height: 800 });
    complain(where, await overflow(page, what));
  }
  complain(where, await targetSizes(page));
  complain(where, await skipLink(page));
  complain(where, await keyboard(page));
  await page.evaluate(() => { document.documentElement.dir = "rtl"; });
  complain(where, await overflow(page, "mirrored at 1280"));
  await page.setViewportSize({ width: 360, height: 740 });
  complain(where, await overflow(page, "mirrored at 360"));
  await page.evaluate(() => { document.documentElement.dir = "ltr"; });
  // folded parts open too, and the menu of the account
  const open = (which) => page.evaluate((w) => { const all = document.querySelectorAll(w); all.forEach((d) => { d.open = true; }); return all.length; }, which);
  await page.setViewportSize({ width: 360, height: 740 });
  if (await open("main details") > 0) {
    complain(where, await overflow(page, "unfolded at 360"));
    await page.setViewportSize({ width: 1280, height: 800 });
    complain(where, await overflow(page, "unfolded at 1280"));
    complain(where, await axe(page));
    await gallery.take(page, `${name}-unfolded`);
  }
  if (!seen.has("menu") && await open("details.menu") > 0) {
    seen.add("menu");
    complain(where, await axe(page));
    await gallery.take(page, `menu-of-the-account`);
  }
  await page.emulateMedia({ forcedColors: "active" });
  complain(where, (await overflow(page, "in forced colours")));
  await page.emulateMedia({ forcedColors: "none", colorScheme: "light" });
}

// One page in Bengali: other words, higher lines, other digits. What colours, keys and themes need was looked at in English.
async function lookInBengali(page, who, path) {
  const form = await shape(page);
  if (seenInBengali.has(form) || seenInBengali.size >= MOST_IN_BENGALI) return;
  seenInBengali.add(form);
  pages += 1;
  const where = `${who} ${path} in Bengali`;
  complain(where, await bengali(page));
  for (const width of [320, 360, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    complain(where, await overflow(page, `at ${width}`));
    if (width > 320) await gallery.take(page, `bn-${who}-${path.replaceAll(/\d{6,}/g, "n")}-${width}`);
  }
  complain(where, await axe(page));
  complain(where, await targetSizes(page));
}

// The pages of a role once more, in the language that its account chooses.
async function inBengali(page, origin, who, paths) {
  await page.setViewportSize({ width: 1280, height: 800 });
  await visit(page, origin, "/profile");
  await page.selectOption("select[name='language']", "bn");
  await Promise.all([page.waitForURL(/said=preferences-kept/), page.click("form[action='/preferences'] button")]);
  await lookInBengali(page, who, "/profile?said=preferences-kept");
  for (const path of paths) {
    if (seenInBengali.size >= MOST_IN_BENGALI) return;
    await visit(page, origin, path);
    await lookInBengali(page, who, path);
  }
}

async function visit(page, origin, path) {
  const answer = await page.goto(origin + path);
  return answer.status();
}

async function role(browser, demo, { role: who, url }) {
  const context = await browser.newContext({ bypassCSP: true, viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  watch(page, demo.origin, who);
  await page.goto(url);
  if (who === "super-admin" && !journeysOnly) await look(context, page, "guest", "/sign-in/link/x");
  await page.setViewportSize({ width: 1280, height: 800 });
  const enter = page.click("main form button", { timeout: 10_000 }).then(() => page.waitForURL((to) => !to.pathname.startsWith("/sign-in"), { timeout: 10_000 }));
  await enter.catch(async () => {
    throw new Error(`the link of ${who} does not sign in: ${page.url()}: ${await page.innerText("body")}`);
  });
  signedIn.set(who, await context.storageState());
  if (journeysOnly) return context.close();
  const waiting = ["/", "/profile", "/profile/security", "/accounts?q=nothing-like-this", "/nowhere"];
  const [done, kinds] = [new Set(), new Map()];
  while (waiting.length > 0) {
    const path = waiting.shift();
    const of = kind(path);
    if (done.has(path) || (kinds.get(of) ?? 0) >= MOST_OF_A_KIND) continue;
    done.add(path);
    kinds.set(of, (kinds.get(of) ?? 0) + 1);
    const status = await visit(page, demo.origin, path);
    const refused = path === "/nowhere" ? 404 : path.startsWith("/accounts?q") ? (status === 403 ? 403 : 200) : 200;
    if (status !== refused) complain(`${who} ${path}`, [`a link leads to ${status}`]);
    waiting.push(...await follow(page, demo.origin));
    await look(context, page, who, path);
  }
  await faults(context, page, demo.origin, who);
  // between them these see every page; nothing else is done with their accounts
  if (who === "super-admin" || who === "developer") await inBengali(page, demo.origin, who, done);
  return context.close();
}

// Forms as they come back with complaints.
async function faults(context, page, origin, who) {
  if (who !== "admin" && who !== "super-admin") return;
  for (const [path, form, fields] of [
    ["/accounts/new", "form[action='/accounts/new']", { name: "a b", email: "nobody" }],
    ["/profile/security", "form[action='/profile/password']", { old_password: "wrong", password: "short", password_again: "short" }],
    ["/api-keys/new", "form[action='/api-keys/new']", { name: "x", networks: "nowhere" }],
    ["/settings", "form[action='/settings']", { time_zone: "Moon", currency: "money" }],
  ]) {
    if (await visit(page, origin, path) !== 200 || await page.locator(`${form} button:enabled`).count() === 0) continue;
    for (const [name, value] of Object.entries(fields)) {
      const field = page.locator(`${form} [name="${name}"]`).first();
      if (await field.count() > 0 && await field.evaluate((e) => e.tagName !== "SELECT" && !e.matches(":disabled"))) await field.fill(value);
    }
    await page.evaluate((f) => { document.querySelector(f).noValidate = true; }, form);
    await Promise.all([page.waitForLoadState("load"), page.locator(`${form} button:enabled`).last().click({ timeout: 5_000 })]);
    await page.waitForSelector("[role=alert], [role=status], .secret");
    await look(context, page, who, `${path}-refused`);
  }
}

async function guests(browser, demo) {
  const context = await browser.newContext({ bypassCSP: true, viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  watch(page, demo.origin, "guest");
  for (const [path, status] of [["/sign-in", 200], ["/sign-in?said=signed-out", 200], ["/nowhere", 404], ["/setup/tgl_0", 422]]) {
    const found = await visit(page, demo.origin, path);
    if (found !== status) complain(`guest ${path}`, [`answers ${found}`]);
    await look(context, page, "guest", path);
  }
  await context.close();
  // of guests the browser says the language
  const abroad = await browser.newContext({ bypassCSP: true, locale: "bn-BD" });
  const other = await abroad.newPage();
  watch(other, demo.origin, "guest");
  for (const path of ["/sign-in", "/sign-in?said=signed-out", "/nowhere"]) {
    await visit(other, demo.origin, path);
    await lookInBengali(other, "guest", path);
  }
  await abroad.close();
  // with the policy in force: what it refuses is told on the console
  const strict = await browser.newContext();
  const bare = await strict.newPage();
  watch(bare, demo.origin, "guest");
  await visit(bare, demo.origin, "/sign-in");
  const styled = await bare.evaluate(() => getComputedStyle(document.body).fontFamily.includes("system-ui"));
  if (!styled) complain("guest /sign-in", ["the style sheet does not apply under the content security policy"]);
  return strict;
}

// What people do, each by keyboard alone and with the content security policy in force.
async function journeys(browser, demo) {
  const kept = {};
  const named = journeysOnly?.slice(1) ?? [];
  for (const journey of JOURNEYS.filter(({ name }) => named.length === 0 || named.includes(name))) {
    const began = Date.now();
    const contexts = [];
    // a page of a role that has signed in before; of nobody with `null`
    const enter = async (who, { hasScripts = true } = {}) => {
      if (who && !signedIn.has(who)) throw new Error(`${who} has not signed in`);
      const context = await browser.newContext({ javaScriptEnabled: hasScripts, storageState: signedIn.get(who), viewport: { width: 1280, height: 800 } });
      context.setDefaultTimeout(15_000);
      contexts.push(context);
      const page = await context.newPage();
      watch(page, demo.origin, journey.name);
      return page;
    };
    const remember = async (who, page) => signedIn.set(who, await page.context().storageState());
    await journey({ ...demo, enter, remember, gallery, kept }).catch(async (error) => {
      for (const page of contexts.flatMap((context) => context.pages())) await gallery.take(page, `failed ${journey.name}`).catch(() => {});
      complain(journey.name, [String(error.message ?? error)]);
    });
    for (const context of contexts) await context.close();
    console.log(`${journey.name}: ${((Date.now() - began) / 1000).toFixed(1)} s`);
  }
}

async function main() {
  const began = Date.now();
  const demo = await startDemo(program);
  const browser = await chromium.launch({ executablePath: EXECUTABLE, args: ARGS });
  try {
    if (!journeysOnly) await (await guests(browser, demo)).close();
    const waiting = demo.links.filter((link) => only.length === 0 || only.includes(link.role));
    // two at a time: the small machines that run this have two processors
    const worker = async () => {
      while (waiting.length > 0) {
        const next = waiting.shift();
        await role(browser, demo, next).catch((error) => complain(next.role, [String(error.message ?? error)]));
      }
    };
    await Promise.all([worker(), worker()]);
    await journeys(browser, demo);
  } finally {
    complain("demo", [demo.ended()].filter(Boolean));
    await browser.close();
    await demo.stop();
  }
  const taken = gallery.close();
  for (const [what, places] of complaints) {
    console.log(`${what}\n    ${[...new Set(places)].slice(0, 6).join("\n    ")}`);
  }
  console.log(`${pages} pages, ${seen.size} of their own shape, ${seenInBengali.size} in Bengali, ${taken} pictures, ${complaints.size} complaints, ${Math.round((Date.now() - began) / 1000)} s`);
  if (only.length === 0 && !journeysOnly && (pages < 60 || seen.size < 15 || seenInBengali.size < 12)) throw new Error("too few pages were found");
  if (complaints.size > 0) process.exitCode = 1;
}

await main();
