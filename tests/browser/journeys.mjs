// What somebody does who has only a keyboard: adds an account, gives it a password by a set-up link, signs in with it, gets a permission given.

// Presses Tab until what the selector names has the focus.
async function tabTo(page, selector) {
  for (let pressed = 0; pressed < 200; pressed += 1) {
    if (await page.evaluate((s) => document.activeElement?.matches(s), selector)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab does not reach ${selector} on ${page.url()}`);
}

async function type(page, name, text) {
  await tabTo(page, `[name="${name}"]`);
  await page.keyboard.type(text);
}

async function choose(page, name, value) {
  await tabTo(page, `select[name="${name}"]`);
  const letters = await page.evaluate(([n, v]) => [...document.querySelector(`select[name="${n}"]`).options].find((o) => o.value === v)?.text, [name, value]);
  if (letters === undefined) throw new Error(`${name} does not offer ${value} on ${page.url()}`);
  await page.keyboard.type(letters);
  const chosen = await page.evaluate((n) => document.querySelector(`select[name="${n}"]`).value, name);
  if (chosen !== value) throw new Error(`typing ${letters} chose ${chosen}`);
}

// Enter, and the page that follows.
async function send(page, selector, to) {
  await tabTo(page, selector);
  await Promise.all([page.waitForURL(to), page.keyboard.press("Enter")]);
}

async function open(page, selector) {
  await tabTo(page, selector);
  await page.keyboard.press("Enter");
}

// `admin` is a page on which an Admin has signed in, `guest` one without cookies and with scripts off.
export async function byKeyboard(admin, guest, origin) {
  const [name, password] = ["keyboard-1", "correct horse battery staple"];
  await admin.goto(`${origin}/accounts`);
  await send(admin, "main a[href='/accounts/new']", "**/accounts/new");
  await choose(admin, "role", "operator");
  await type(admin, "name", name);
  await type(admin, "full_name", "Keya Bord");
  await send(admin, "main form[action='/accounts/new'] button", /\/accounts\/\d+\?said=/);
  const account = admin.url().split("?")[0];
  await tabTo(admin, "form[action$='/setup-link'] button");
  await admin.keyboard.press("Enter");
  await admin.waitForURL("**/setup-link");
  const link = await admin.textContent(".secret");

  await guest.goto(link.trim());
  await type(guest, "password", password);
  await type(guest, "password_again", password);
  await send(guest, "main form button", "**/sign-in?said=password-set");
  await type(guest, "name", name);
  await type(guest, "password", "a wrong one, to see what it says");
  await tabTo(guest, "main form button");
  await guest.keyboard.press("Enter");
  await guest.waitForSelector("[role=alert]");
  await type(guest, "password", password);
  await send(guest, "main form button", (url) => !url.pathname.startsWith("/sign-in"));

  await admin.goto(account);
  await open(admin, "details:has(form[action$='/permissions']) > summary");
  await choose(admin, "capability", "audit.view");
  await send(admin, "form[action$='/permissions'] button", /said=permission-given/);
  await guest.goto(`${origin}/audit`);
  if (!(await guest.title()).startsWith("Audit")) throw new Error("the permission does not open the audit log");
}
