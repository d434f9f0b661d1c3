// Many at once: a few are suspended and it is taken back; then all that match are moved, by their number, and it is taken back, too.
import { choose, must, mustSay, number, pressTo, send, tabTo, type } from "./keyboard.mjs";

// A job of a thousand, with a backup before it, on a machine that does other things too.
export const JOB_MS = 90_000;

const affected = async (page) => number(await page.locator("dl.strip dd").first().textContent());

// `plain` watches without scripts.
export async function undo(page, plain) {
  const job = page.url();
  await send(page, "form[action$='/undo'] button", (url) => /\/jobs\/\d+/.test(url.pathname) && url.href !== job);
  await plain?.goto(page.url());
  await mustSay(page, ".head .pill", "Done", JOB_MS);
  if (plain) await mustSay(plain, ".head .pill", "Done", JOB_MS);
}

export async function suspendAndUndo({ origin, enter }) {
  const page = await enter("admin");
  const active = `${origin}/customers?q=status:active&sort=-username`;
  const links = () => page.locator("main tbody tr th a").evaluateAll((all) => all.slice(0, 3).map((a) => a.getAttribute("href")));
  await page.goto(active);
  const chosen = await links();
  for (const key of ["j", "x", "j", "j", "Shift+X", "b"]) await page.keyboard.press(key);
  await mustSay(page, ".bulk output", "3 selected");
  await choose(page, "action", "suspend");
  await send(page, ".bulk button", "**/customers/bulk");
  await type(page, "value", "unpaid since March");
  await pressTo(page, "Enter", "**/customers/bulk");
  must(await affected(page) === 3, `the preview tells of ${await affected(page)}`);
  await send(page, "form.fields button.primary", /\/jobs\/\d+/);
  await mustSay(page, ".head .pill", "Done", JOB_MS);
  const job = page.url();
  await page.goto(`${origin}${chosen[0]}`);
  await mustSay(page, ".head .pill", "Suspended");
  await page.goto(job);
  await undo(page);
  for (const link of chosen) {
    await page.goto(`${origin}${link}`);
    await mustSay(page, ".head .pill", /Active|Expires today|In grace/);
  }
}

export async function moveAllAndUndo({ origin, enter, gallery }) {
  const page = await enter("admin");
  await page.goto(`${origin}/customers`);
  const all = number(await page.locator(".head .count").first().textContent());
  await tabTo(page, "thead .pick input");
  await page.keyboard.press("Space");
  await page.keyboard.press("b");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Space");
  must(await page.isChecked(".bulk input[name=all]"), "all that match cannot be chosen");
  // the zone, if the provider has zones to move them to; else a tag tells the same of the way
  await choose(page, "action", "zone");
  await send(page, ".bulk button", "**/customers/bulk");
  must(number(await page.locator(".head .count").textContent()) === all, "another number than the list's");
  const zone = page.locator("select[name=value] option:not([value=''], [value='-'])").last();
  if (await zone.count() > 0) {
    await choose(page, "value", await zone.getAttribute("value"));
  } else {
    await page.goto(`${origin}/customers`);
    await tabTo(page, "thead .pick input");
    for (const key of ["Space", "b", "Shift+Tab", "Space"]) await page.keyboard.press(key);
    await choose(page, "action", "add-tag");
    await send(page, ".bulk button", "**/customers/bulk");
    await type(page, "value", "moved");
  }
  await send(page, "form.fields button.primary", "**/customers/bulk");
  const wanted = await affected(page);
  must(wanted > 100, `only ${wanted} would be moved`);
  await gallery.take(page, "bulk preview of all");
  // without its number, and with a wrong one, nothing begins
  await type(page, "confirm", String(wanted + 1));
  await pressTo(page, "Enter", "**/customers/bulk/run");
  await mustSay(page, "[role=alert]", /./);
  await type(page, "confirm", String(wanted));
  await send(page, "form.fields button.primary", /\/jobs\/\d+/);
  let loads = 0;
  page.on("load", () => { loads += 1; });
  await page.locator("[data-events] [data-said]").filter({ hasText: /of/ }).first().waitFor();
  await gallery.take(page, "job of all under way");
  await mustSay(page, ".head .pill", "Done", JOB_MS);
  // once where it began to run, once at its end
  must(loads <= 2, `the job's page was loaded ${loads} times again`);
  await gallery.take(page, "job of all done");
  await undo(page, await enter("admin", { hasScripts: false }));
}
