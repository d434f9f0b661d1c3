// The provider brings his customers from the program before: a file of a thousand with twelve bad ones, looked at, imported, and taken back.
import { readFile } from "node:fs/promises";
import { JOB_MS, undo } from "./bulk.mjs";
import { must, mustSay, number, send } from "./keyboard.mjs";

const ROWS = 1000;
const BAD = 12;

// Another program's names of columns; every so many rows something is wrong with one, in one of three ways.
function file(plan) {
  const lines = ["Login;Mobile No;Full Name;Plan;Pass"];
  for (let row = 0; row < ROWS; row += 1) {
    const wrong = row % 80 === 40 && row / 80 < BAD ? ["plan", "login", "twice"][Math.floor(row / 80) % 3] : "";
    const login = { login: "", twice: `moved${row - 1}` }[wrong] ?? `moved${row}`;
    lines.push(`${login};0190${String(row).padStart(7, "0")};Moved Customer ${row};${wrong === "plan" ? "Gold 2009" : plan};secret ${row}`);
  }
  return `${lines.join("\n")}\n`;
}

const facts = async (page) => (await page.locator("main dl.strip dd").allTextContents()).slice(0, 2).map(number);

export async function importAndUndo({ origin, enter, gallery }) {
  const page = await enter("admin");
  await page.goto(`${origin}/customers/new`);
  const plan = await page.locator("select[name=package] option:not([value=''])").first().getAttribute("value");
  await page.goto(`${origin}/customers?q=`);
  const before = number(await page.locator(".head .count").first().textContent());
  await page.goto(`${origin}/customers/import`);
  await page.setInputFiles("#file", { name: "old panel.csv", mimeType: "text/csv", buffer: Buffer.from(file(plan)) });
  await send(page, "form.fields button.primary", /\/customers\/import\/\d+/);
  const address = page.url();
  const [good, bad] = await facts(page);
  must(good === ROWS - BAD && bad === BAD, `${good} rows are good and ${bad} are not`);
  await gallery.take(page, "import of a thousand");
  const [download] = await Promise.all([page.waitForEvent("download"), page.evaluate((to) => { location.href = to; }, `${new URL(address).pathname}/failed.csv`)]);
  const failed = (await readFile(await download.path(), "utf8")).trim().split("\n");
  must(failed.length === BAD + 1 && failed[0].startsWith("Login;Mobile No;Full Name;Plan;Pass;"), `failed rows: ${failed.length}, ${failed[0]}`);
  await send(page, "form[action$='/run'] button", /\/jobs\/\d+/);
  const job = page.url();
  await mustSay(page, ".head .pill", "Done", JOB_MS);
  await gallery.take(page, "import done");
  await page.goto(`${origin}/customers?q=`);
  must(number(await page.locator(".head .count").first().textContent()) === before + ROWS - BAD, "another number of customers afterwards");
  await page.goto(job);
  await undo(page);
  await page.goto(`${origin}/customers?q=`);
  must(number(await page.locator(".head .count").first().textContent()) === before, "not all are gone again");
}
