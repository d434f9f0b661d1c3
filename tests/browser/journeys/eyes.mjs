// Through another's eyes: the banner, what is refused, what the audit log says; with scripts and without.
import { must, mustSay, open, pressTo, send, type } from "./keyboard.mjs";

export async function anothersEyes({ origin, enter, remember }) {
  for (const hasScripts of [true, false]) {
    const reason = `asked by phone, ${hasScripts ? "with" : "without"} scripts`;
    const page = await enter("admin", { hasScripts });
    await page.goto(`${origin}/accounts?q=role:operator+operator`);
    const account = await page.locator("main tbody a", { hasText: /^operator$/ }).first().getAttribute("href");
    await page.goto(`${origin}${account}`);
    await open(page, "details:has(form[action$='/view-as']) > summary");
    await type(page, "reason", reason);
    await pressTo(page, "Enter", (url) => url.pathname !== account);
    await mustSay(page, ".banner.view-as", "You see Tollgate as operator does.");
    for (const [path, status] of [["/profile", 403], ["/profile/security", 403], ["/api-keys/new", 403], ["/settings", 403], ["/customers", 200]]) {
      const answer = await page.goto(`${origin}${path}`);
      must(answer.status() === status, `${path} answers ${answer.status()} through another's eyes`);
      await mustSay(page, ".banner.view-as", "operator");
    }
    await send(page, ".banner.view-as button", (url) => url.pathname !== "/view-as/stop");
    must(await page.locator(".banner.view-as").count() === 0, "the banner stays");
    // he has come back by another token
    await remember("admin", page);
    await page.goto(`${origin}/audit`);
    await mustSay(page, "main", reason);
  }
}
