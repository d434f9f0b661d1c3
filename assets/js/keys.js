// Keys. What they do can be done by pressing Tab, too, and single ones can be switched off in the profile (WCAG 2.1.4).

// Pages that `g` and a letter open, if the menu has them.
const PAGES = { c: "/customers", j: "/jobs", a: "/accounts" };
const PATIENCE = 1500;
let goes = 0;

// What a key leads to on this page: its control opens, gets the focus or, if it is a download, begins. A button is only ever focused.
function lead(key) {
  const control = document.querySelector(`main [data-key="${key}"]`);
  if (!control) return false;
  const isDownload = control.matches("a[download]");
  const folded = control.closest("details:not([open])");
  if (folded && !isDownload) folded.open = true;
  if (isDownload) control.click();
  else if (control.matches("summary")) control.parentElement.querySelector("a, input, select").focus();
  else if (control.matches("nav")) (control.querySelector("[aria-current]") ?? control.querySelector("a")).focus();
  else control.focus();
  return true;
}

// The same on a page of one thing whose other tab has the control.
function leadOnObject(key) {
  if (lead(key)) return true;
  if (!objectHere || isTouched || location.pathname === objectHere) return false;
  location.assign(`${objectHere}#key-${key}`);
  return true;
}

function goTo(key) {
  goes = 0;
  const to = key === "h" ? "/" : document.querySelector(`nav.side a[href="${PAGES[key]}"]`)?.href;
  if (to) location.assign(to);
  return Boolean(to);
}

const KEYS = {
  g: () => { goes = Date.now(); },
  "/": () => lead("/") || openPalette(),
  "?": () => openHelp(),
  j: () => moveRow(1),
  k: () => moveRow(-1),
  x: () => select(boxOf(rowAtHand()), false),
  X: () => select(boxOf(rowAtHand()), true),
  o: () => openRow(),
  f: () => lead("f"),
  v: () => lead("v"),
  e: () => lead("e"),
  b: () => lead("b"),
  n: () => leadOnObject("n"),
  d: () => leadOnObject("d"),
  "[": () => neighbour(-1),
  "]": () => neighbour(1),
};

let help;

function openHelp() {
  help ??= newHelp();
  help.showModal();
  return true;
}

function newHelp() {
  const dialog = newDialog("help", document.querySelector("a[href='/keys']").textContent);
  asker((html) => {
    dialog.innerHTML = html;
    dialog.querySelector("button")?.focus();
  })("/keys?part=yes");
  return dialog;
}

function escape(target) {
  if (closeMenu()) return true;
  if (isWriting(target)) {
    target.blur();
    return true;
  }
  return backToList();
}

const isWriting = (target) => target.isContentEditable || target.matches("textarea, select, input:not([type=checkbox], [type=radio])");

// On a keyboard with other letters, the letter in the same place; whatever Caps Lock says.
function keyOf({ key, code, shiftKey }) {
  if (key.length !== 1) return key;
  const letter = key > "~" && code.startsWith("Key") ? code.slice(3) : key;
  return shiftKey ? letter.toUpperCase() : letter.toLowerCase();
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  const key = keyOf(event);
  const isCommand = (event.ctrlKey || event.metaKey || event.altKey) && !event.getModifierState("AltGraph");
  let isDone = false;
  if (isCommand) isDone = !event.altKey && !event.shiftKey && key === "k" && openPalette();
  else if (document.querySelector("dialog[open]")) isDone = false;
  else if (key === "Escape") isDone = escape(event.target);
  else if (isWriting(event.target) || document.documentElement.dataset.keys === "off") isDone = false;
  else if (Date.now() - goes < PATIENCE) isDone = goTo(key);
  else if (Object.hasOwn(KEYS, key)) isDone = KEYS[key]() !== false;
  if (isDone) event.preventDefault();
});

const led = /^#key-([a-z])$/.exec(location.hash);
if (led) lead(led[1]);
