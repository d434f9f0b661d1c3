// A customer is added at a counter, then found again by whatever he says on the phone, with scripts and without.
import { axe, overflow } from "../checks.mjs";
import { choose, focusOn, must, mustSay, open, pressTo, send, tabTo, type } from "./keyboard.mjs";

const NEW = { name: "Rahima Counter", username: "rahima.counter", phone: "01799 654321", address: "10.177.0.7", mac: "4A:A9:8A:00:77:07" };

export async function quickAdd({ origin, enter, gallery, kept }) {
  const page = await enter("admin");
  await page.goto(`${origin}/customers?sort=username`);
  const taken = (await page.locator("table.list tbody tr td bdi").first().textContent()).trim();
  await page.keyboard.press("Control+k");
  await focusOn(page, "dialog.palette input");
  await page.keyboard.type("new cust");
  await page.locator("dialog.palette a[href='/customers/new']").waitFor();
  await pressTo(page, "Enter", "**/customers/new");
  await type(page, "name", NEW.name);
  await type(page, "phone", NEW.phone);
  // somebody has it: said while it is typed, and no longer when it is another
  await type(page, "username", taken);
  await mustSay(page, ".taken", "This username is taken.");
  must(await page.locator(".taken a").count() === 1, "who has the username is not linked");
  await gallery.take(page, "taken while typing");
  await type(page, "username", NEW.username);
  await page.locator(".taken:has(.complaint)").waitFor({ state: "detached" });
  const value = await page.locator("select[name=package] option:not([value=''])").first().getAttribute("value");
  await choose(page, "package", value);
  await open(page, "details.fold > summary");
  await type(page, "static_ipv4", NEW.address);
  await type(page, "macs", NEW.mac);
  await send(page, "form.fields .save button.primary", /\/customers\/\d+\?said=customer-added/);
  const customer = new URL(page.url()).pathname;
  const code = (await page.locator(".head .count bdi").textContent()).trim();
  Object.assign(kept, { customer, words: ["4321", NEW.username, NEW.mac.replaceAll(":", "-").toLowerCase(), NEW.address, code] });
  // the same phone again is told, and who has it
  await page.goto(`${origin}/customers/new`);
  await type(page, "phone", NEW.phone.replace(" ", ""));
  await page.locator(`.taken a[href='${customer}']`).waitFor();
  // his own values are not taken
  await page.goto(`${origin}${customer}/edit`);
  await type(page, "username", "x");
  await type(page, "username", NEW.username.toUpperCase());
  await Promise.all([page.waitForResponse(/\/taken\?field=code/), type(page, "code", code.toLowerCase())]);
  must(await page.locator(".taken .complaint").count() === 0, "his own username or code counts as taken");
}

export async function findByPalette({ origin, enter, gallery, kept }) {
  const page = await enter("admin");
  for (const word of kept.words) {
    await page.goto(`${origin}/jobs`);
    await page.keyboard.press("Control+k");
    await focusOn(page, "dialog.palette input");
    await page.keyboard.type(word);
    await page.locator(`dialog.palette a[href='${kept.customer}']`).waitFor().catch(() => { throw new Error(`the palette does not find ${word}`); });
    if (word === kept.words[0]) await pictures(page, gallery, "palette");
    // others may have a phone that ends so: by the arrows. All else is his alone: by Enter
    if (word === kept.words[0]) {
      const place = await page.locator("dialog.palette a").evaluateAll((all, to) => all.findIndex((a) => a.getAttribute("href") === to), kept.customer);
      for (let step = 0; step <= place; step += 1) await page.keyboard.press("ArrowDown");
      await focusOn(page, `dialog.palette a[href='${kept.customer}']`);
    }
    await pressTo(page, "Enter", `**${kept.customer}`);
  }
  await page.keyboard.press("Control+k");
  await focusOn(page, "dialog.palette input");
  await page.keyboard.press("Escape");
  await page.locator("dialog.palette[open]").waitFor({ state: "detached" });
  must(page.url().endsWith(kept.customer), "Escape did more than close the palette");
}

export async function findWithoutScripts({ origin, enter, kept }) {
  const page = await enter("admin", { hasScripts: false });
  for (const word of kept.words) {
    await page.goto(`${origin}/jobs`);
    await tabTo(page, "#go");
    await page.keyboard.type(word);
    await pressTo(page, "Enter", (url) => url.pathname === "/go" || url.pathname === kept.customer);
    if (new URL(page.url()).pathname === "/go") await send(page, `main a[href='${kept.customer}']`, `**${kept.customer}`);
  }
}

// Both themes, wide and narrow.
export async function pictures(page, gallery, name) {
  for (const [theme, width] of [["light", 1280], ["dark", 1280], ["light", 360], ["dark", 360]]) {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme: theme });
    const found = [...await axe(page), ...await overflow(page, `at ${width}`)];
    must(found.length === 0, `${name} in the ${theme} theme: ${found.join("; ")}`);
    await gallery.take(page, `${name}-${theme}-${width}`, { fullPage: false });
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.emulateMedia({ colorScheme: "light" });
}
