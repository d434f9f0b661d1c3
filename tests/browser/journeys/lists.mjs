// Every key of lists and of one customer's page; then five filters that become a view, which another role opens and sees its own rows of.
import { pictures } from "./customers.mjs";
import { choose, focusOn, must, mustSay, number, open, pressTo, send, tabTo, type } from "./keyboard.mjs";

const count = async (page) => number(await page.locator(".head .count").first().textContent());

export async function keys({ origin, enter, gallery }) {
  const page = await enter("admin");
  const links = () => page.locator("main tbody tr th a").evaluateAll((all) => all.map((a) => a.getAttribute("href")));
  await page.goto(`${origin}/customers`);
  const list = await links();
  const press = (key) => page.keyboard.press(key);
  for (const key of ["j", "j", "j", "k"]) await press(key);
  await focusOn(page, `tbody a[href='${list[1]}']`);
  await press("x");
  for (let step = 0; step < 4; step += 1) await press("j");
  await press("Shift+X");
  await mustSay(page, ".bulk output", "5 selected");
  await pictures(page, gallery, "rows selected");
  await press("b");
  await focusOn(page, "select[name=action]");
  await press("Escape");
  await tabTo(page, "thead .pick input");
  await press("Space");
  await mustSay(page, ".bulk output", `${list.length} selected`);
  await press("Space");
  await page.locator(".bulk").waitFor({ state: "hidden" });
  // letters that are written are no keys
  await press("/");
  await focusOn(page, "#search");
  await page.keyboard.type("jx?gc");
  must(await page.inputValue("#search") === "jx?gc" && page.url() === `${origin}/customers`, "letters act while they are written");
  await press("Escape");
  await press("f");
  await focusOn(page, ".chips details.menu a");
  await press("Escape");
  await focusOn(page, ".chips details.menu > summary");
  await press("v");
  await focusOn(page, "nav.tabs a");
  const [file] = await Promise.all([page.waitForEvent("download"), press("e")]);
  must(file.suggestedFilename() === "customers.csv", `e downloads ${file.suggestedFilename()}`);
  await page.goto(`${origin}/customers`);
  await press("j");
  await press("j");
  const [apart] = await Promise.all([page.context().waitForEvent("page"), press("o")]);
  must(new URL(apart.url() === "about:blank" ? await apart.waitForURL("**/customers/*").then(() => apart.url()) : apart.url()).pathname === list[1], "o opens another");
  await apart.close();
  await pressTo(page, "Enter", `**${list[1]}`);
  await pressTo(page, "]", `**${list[2]}`);
  await pressTo(page, "[", `**${list[1]}`);
  await press("n");
  await focusOn(page, "textarea[name=note]");
  await page.keyboard.type("j");
  await press("Escape");
  await press("]");
  must(page.url().endsWith(list[1]), "a key left a form in which something was written");
  await page.goto(`${origin}${list[1]}/timeline`);
  await pressTo(page, "]", `**${list[2]}/timeline`);
  await pressTo(page, "n", `**${list[2]}#key-n`);
  await focusOn(page, "textarea[name=note]");
  await press("Escape");
  await pressTo(page, "Escape", "**/customers");
  await focusOn(page, `tbody a[href='${list[2]}']`);
  await press("?");
  await mustSay(page, "dialog.help", "Select the row");
  await pictures(page, gallery, "keys");
  await press("Escape");
  await press("g");
  await pressTo(page, "j", "**/jobs");
  await press("g");
  await pressTo(page, "a", "**/accounts");
  await press("g");
  await pressTo(page, "c", "**/customers");
  // who disconnects goes to the button, and nothing more
  await page.goto(`${origin}/customers?q=online:yes`);
  const online = (await links())[0];
  await page.goto(`${origin}${online}`);
  if (await page.locator("[data-key=d]").count() > 0) {
    await press("d");
    await focusOn(page, "form[action$='/disconnect'] button");
    must(page.url() === `${origin}${online}`, "d did something");
  }
  // switched off, letters do nothing, and the palette still opens
  await page.goto(`${origin}/profile`);
  await tabTo(page, "input[name=keys]");
  await press("Space");
  await send(page, "form[action='/preferences'] button", /said=preferences-kept/);
  await page.goto(`${origin}/customers`);
  await press("j");
  must(await page.evaluate(() => document.activeElement === document.body), "j acts though it is switched off");
  await press("Control+k");
  await focusOn(page, "dialog.palette input");
  await page.goto(`${origin}/profile`);
  await tabTo(page, "input[name=keys]");
  await press("Space");
  await send(page, "form[action='/preferences'] button", /said=preferences-kept/);
}

export async function sharedView({ origin, enter }) {
  const page = await enter("admin");
  // two of the provider's customers are given to the operator, so that he has rows of his own
  await page.goto(`${origin}/customers?q=status:active+connection:pppoe+billing:prepaid+operator:owner&sort=username`);
  const letter = (await page.locator("table.list tbody tr td bdi").first().textContent()).trim()[0];
  for (const key of ["j", "x", "j", "x", "b"]) await page.keyboard.press(key);
  await choose(page, "action", "owner");
  await send(page, ".bulk button", "**/customers/bulk");
  const operator = await page.locator("select[name=value] option", { hasText: /^operator$/ }).getAttribute("value");
  await choose(page, "value", operator);
  await send(page, "form.fields button.primary", "**/customers/bulk");
  await send(page, "form.fields button.primary", /\/jobs\/\d+/);
  await mustSay(page, ".head .pill", "Done");
  // five filters, each by its form
  await page.goto(`${origin}/customers?q=`);
  const all = await count(page);
  for (const [field, value] of [["status", "active"], ["connection", "pppoe"], ["billing", "prepaid"], ["registered", "2001-01-01"], ["username", ""]]) {
    await page.keyboard.press("f");
    await send(page, `.chips a[href*='add=${field}']`, new RegExp(`add=${field}`));
    if (field === "registered") {
      await choose(page, "op", "from");
      await type(page, "v", value);
      await pressTo(page, "Enter", /registered/);
    } else if (field === "username") {
      await focusOn(page, "input[name=v]");
      await page.keyboard.type(letter);
      await pressTo(page, "Enter", /username/);
    } else {
      await tabTo(page, `input[name=v][value=${value}]`);
      await page.keyboard.press("Space");
      await pressTo(page, "Enter", (url) => !url.search.includes("add="));
    }
  }
  must(await page.locator(".chips .chip").count() === 5, `there are ${await page.locator(".chips .chip").count()} filters, not five`);
  const seen = await count(page);
  must(seen > 0 && seen < all, `the filters leave ${seen} of ${all}`);
  await open(page, "details.keep > summary");
  await type(page, "name", "Five filters");
  await tabTo(page, "details.keep input[name=is_team]");
  await page.keyboard.press("Space");
  await send(page, "details.keep button", "**/customers?q=*");
  await mustSay(page, "nav.tabs a[aria-current]", "Five filters");
  const shared = page.url();
  for (const hasScripts of [true, false]) {
    const other = await enter("operator", { hasScripts });
    await other.goto(`${origin}/customers`);
    await send(other, `nav.tabs a[href='${new URL(shared).pathname}${new URL(shared).search}']`, shared);
    const own = await count(other);
    must(own > 0 && own < seen, `the operator sees ${own} of ${seen}`);
    const first = await other.locator("table.list tbody tr th a").first().getAttribute("href");
    await send(other, `table.list a[href='${first}']`, `**${first}`);
    const foreign = await page.locator("table.list tbody tr th a").evaluateAll((rows) => rows.map((a) => a.getAttribute("href")));
    const mine = new Set();
    await other.goto(shared);
    for (const link of await other.locator("table.list tbody tr th a").evaluateAll((rows) => rows.map((a) => a.getAttribute("href")))) mine.add(link);
    const hidden = foreign.find((link) => !mine.has(link));
    const answer = await other.goto(`${origin}${hidden}`);
    must(answer.status() === 404, `another's customer answers ${answer.status()}`);
  }
}
