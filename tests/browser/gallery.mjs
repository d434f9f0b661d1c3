// The pictures, and a page that shows them.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const taken = [];

export function openGallery(folder) {
  mkdirSync(folder, { recursive: true });
  for (const old of readdirSync(folder).filter((name) => name.endsWith(".png"))) rmSync(join(folder, old));
  return {
    async take(page, name, options = {}) {
      const file = `${name.replaceAll(/[^a-z0-9]+/gi, "-").replaceAll(/^-|-$/g, "")}.png`;
      await page.screenshot({ path: join(folder, file), fullPage: true, animations: "disabled", ...options });
      taken.push([name, file]);
    },
    close() {
      const figures = taken.map(([name, file]) => `<figure><figcaption>${name.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</figcaption><a href="${file}"><img loading="lazy" src="${file}" alt=""></a></figure>`);
      const style = "body{font:14px system-ui;margin:16px;background:#888}main{display:grid;grid-template-columns:repeat(auto-fill,minmax(320px,1fr));gap:16px}img{width:100%;border:1px solid #000}figure{margin:0}";
      writeFileSync(join(folder, "index.html"), `<!doctype html><html lang="en"><meta charset="utf-8"><title>Tollgate's pages</title><style>${style}</style><main>${figures.join("\n")}</main></html>\n`);
      return taken.length;
    },
  };
}
