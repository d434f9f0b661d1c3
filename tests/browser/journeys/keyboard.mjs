// What somebody does who has only a keyboard. Nothing here presses anything but keys, and nothing waits but for what must come.

// Presses Tab until what the selector names has the focus.
export async function tabTo(page, selector) {
  for (let pressed = 0; pressed < 300; pressed += 1) {
    if (await page.evaluate((s) => document.activeElement?.matches(s), selector)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab does not reach ${selector} on ${page.url()}`);
}

export async function type(page, name, text) {
  await tabTo(page, `main [name="${name}"]`);
  await page.keyboard.press("Control+a");
  await page.keyboard.type(text);
}

export async function choose(page, name, value) {
  await tabTo(page, `select[name="${name}"]`);
  const letters = await page.evaluate(([n, v]) => [...document.querySelector(`select[name="${n}"]`).options].find((o) => o.value === v)?.text, [name, value]);
  if (letters === undefined) throw new Error(`${name} does not offer ${value} on ${page.url()}`);
  await page.keyboard.type(letters);
  const chosen = await page.evaluate((n) => document.querySelector(`select[name="${n}"]`).value, name);
  if (chosen !== value) throw new Error(`typing ${letters} chose ${chosen}`);
}

// A key, and the page that follows, also where its address is the same.
export async function pressTo(page, key, to) {
  await Promise.all([page.waitForNavigation({ url: to }), page.keyboard.press(key)]);
}

// Enter on something, and the page that follows.
export async function send(page, selector, to) {
  await tabTo(page, selector);
  await pressTo(page, "Enter", to);
}

// Enter on something that opens here.
export async function open(page, selector) {
  await tabTo(page, selector);
  await page.keyboard.press("Enter");
}

// Waits until the focus is on what the selector names.
export async function focusOn(page, selector) {
  await page.locator(`${selector}:focus`).waitFor({ state: "attached", timeout: 10_000 }).catch(async () => {
    const at = await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 120));
    throw new Error(`the focus is not on ${selector} but on ${at}, on ${page.url()}`);
  });
}

export function must(holds, what) {
  if (!holds) throw new Error(what);
}

export async function mustSay(page, selector, text, timeout = 15_000) {
  await page.locator(selector).filter({ hasText: text }).first().waitFor({ timeout }).catch(async () => {
    throw new Error(`${selector} does not say ${text} on ${page.url()}: ${(await page.locator(selector).allInnerTexts()).join(" | ").slice(0, 300)}`);
  });
}

// The number in a text such as "1,000 customers".
export const number = (text) => Number(text.replaceAll(",", "").match(/\d+/)?.[0]);
