// "Why can't he connect?": of a customer whose device sends a wrong password, and of one whose time is over.
import { createHash, createHmac, randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { mustSay, pressTo, send } from "./keyboard.mjs";

// The demo's secret, and one of its routers (src/demo/provider.rs).
const [SECRET, ROUTER, NAME] = ["demo-only-shared-secret", "127.0.0.2", "tower-north"];

export async function whyNot({ origin, enter, radius, gallery, kept }) {
  await logIn(radius, kept.words[1], "not-his-password");
  const page = await enter("admin");
  await page.goto(`${origin}/customers?q=status:expired`);
  const expired = (await page.locator("table.list tbody tr td bdi").first().textContent()).trim();
  for (const [name, says, helps] of [[kept.words[1], /password/i, /password on his device/], [expired, /run out|over|expired/i, /Extend/]]) {
    await page.keyboard.press("Control+k");
    await page.keyboard.type(name);
    await page.locator("dialog.palette li:first-child a", { hasText: name }).waitFor();
    await pressTo(page, "Enter", /\/customers\/\d+$/);
    await send(page, "nav.tabs a[href$='/connect']", "**/connect");
    // each customer of the demo dials within its first minute
    for (const began = Date.now(); Date.now() - began < 60_000 && /No request/.test(await page.locator("section.block .notice").first().innerText());) await page.reload();
    await mustSay(page, "section.block .notice", says);
    await mustSay(page, "main", helps);
    await gallery.take(page, `connect-${name}`);
  }
}

// One login with PAP as a router sends it (RFC 2865, 2869 §5.14), and the answer to it: the reject, after its delay.
async function logIn(port, username, password) {
  const authenticator = randomBytes(16);
  const attribute = (type, value) => Buffer.concat([Buffer.from([type, value.length + 2]), value]);
  const padded = Buffer.alloc(Math.ceil(password.length / 16) * 16);
  padded.write(password);
  const hidden = Buffer.alloc(padded.length);
  for (let at = 0, last = authenticator; at < padded.length; at += 16) {
    const mask = createHash("md5").update(SECRET).update(last).digest();
    for (let i = 0; i < 16; i += 1) hidden[at + i] = padded[at + i] ^ mask[i];
    last = hidden.subarray(at, at + 16);
  }
  const number = (value) => Buffer.from([0, 0, 0, value]);
  const attributes = [
    [80, Buffer.alloc(16)], [1, Buffer.from(username)], [2, hidden], [6, number(2)], [7, number(1)], [31, Buffer.from("4A:A9:8A:00:77:07")], [32, Buffer.from(NAME)],
  ].map(([type, value]) => attribute(type, value));
  const packet = Buffer.concat([Buffer.from([1, 77, 0, 0]), authenticator, ...attributes]);
  packet.writeUInt16BE(packet.length, 2);
  createHmac("md5", SECRET).update(packet).digest().copy(packet, 22);
  const socket = createSocket("udp4");
  try {
    await new Promise((done) => socket.bind(0, ROUTER, done));
    await new Promise((done, failed) => {
      const timer = setTimeout(() => failed(new Error("no answer to a login")), 10_000);
      socket.once("message", (answer) => {
        clearTimeout(timer);
        if (answer[0] === 3) done();
        else failed(new Error(`a wrong password is answered with code ${answer[0]}`));
      });
      socket.send(packet, port, "127.0.0.1");
    });
  } finally {
    socket.close();
  }
}
