// The demo, started on ports that the system chooses, and the links that it prints.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export async function startDemo(program) {
  const folder = mkdtempSync(join(tmpdir(), "tollgate-browser-"));
  const child = spawn(program, ["demo", "--folder", join(folder, "demo")], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  let wake = () => {};
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text) => { said += text; wake(); });
  }
  const ended = new Promise((done) => child.on("exit", done));
  const ready = /Ctrl-C ends/;
  await new Promise((done, failed) => {
    wake = () => { if (ready.test(said)) done(); };
    child.on("exit", (code) => failed(new Error(`the demo ended with ${code}:\n${said}`)));
    wake();
  });
  const links = [...said.matchAll(/^ +([a-z-]+) +(\S+) +(https?:\/\/\S+\/sign-in\/link\/\S+)/gm)].map(([, role, name, url]) => ({ role, name, url }));
  if (links.length < 11) throw new Error(`the demo printed ${links.length} links:\n${said}`);
  return {
    links,
    origin: new URL(links[0].url).origin,
    radius: Number(said.match(/RADIUS authentication on [\d.]+:(\d+)/)?.[1]),
    // How it ended, if nobody stopped it.
    ended() {
      return child.exitCode === null && child.signalCode === null ? null : `the demo ended by itself (${child.exitCode ?? child.signalCode}): ${said.slice(-500)}`;
    },
    async stop() {
      child.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
