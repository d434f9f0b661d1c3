// The pictures, and a page that shows them.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const taken = [];
// A busy machine's browser now and then gives no frame to a picture; it says nothing about the page, whose checks go on.
const TRIES = 3;
const MOST_MISSED = 5;
const missed = [];

async function shoot(page, options) {
  const size = page.viewportSize();
  for (let left = TRIES; left > 0; left -= 1) {
    if (await page.screenshot({ ...options, timeout: 15_000 }).then(() => true, () => false)) return true;
    // another size and back asks for a new frame
    await page.setViewportSize({ ...size, height: size.height + 1 });
    await page.setViewportSize(size);
  }
  return false;
}

export function openGallery(folder) {
  mkdirSync(folder, { recursive: true });
  for (const old of readdirSync(folder).filter((name) => name.endsWith(".png"))) rmSync(join(folder, old));
  return {
    async take(page, name, options = {}) {
      const file = `${name.replaceAll(/[^a-z0-9]+/gi, "-").replaceAll(/^-|-$/g, "")}.png`;
      const isTaken = await shoot(page, { path: join(folder, file), fullPage: true, animations: "disabled", ...options });
      if (isTaken) taken.push([name, file]);
      else missed.push(name);
      if (missed.length > MOST_MISSED) throw new Error(`the browser takes no pictures: ${missed.join(", ")}`);
    },
    close() {
      const figures = taken.map(([name, file]) => `<figure><figcaption>${name.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</figcaption><a href="${file}"><img loading="lazy" src="${file}" alt=""></a></figure>`);
      const style = "body{font:14px system-ui;margin:16px;background:#888}main{display:grid;grid-template-columns:repeat(auto-fill,minmax(320px,1fr));gap:16px}img{width:100%;border:1px solid #000}figure{margin:0}";
      writeFileSync(join(folder, "index.html"), `<!doctype html><html lang="en"><meta charset="utf-8"><title>Tollgate's pages</title><style>${style}</style><main>${figures.join("\n")}</main></html>\n`);
      if (missed.length > 0) console.log(`no picture could be taken of ${missed.join(", ")}`);
      return taken.length;
    },
  };
}
