// Adds an account, gives it a password by a set-up link, signs in with it, gets a permission given.
import { choose, open, send, tabTo, type } from "./keyboard.mjs";

export async function newAccount({ origin, enter }) {
  const [admin, guest] = [await enter("admin"), await enter(null, { hasScripts: false })];
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
