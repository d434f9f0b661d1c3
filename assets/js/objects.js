// The page of one thing knows the list it was opened from. Only addresses are kept, and only as long as the tab is open.

const KEPT = "tollgate-list";

function keptList() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT)) ?? {};
  } catch {
    return {};
  }
}

function keepList(list) {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(list));
  } catch {
    // a browser that keeps nothing goes back to the list's beginning
  }
}

document.querySelector("form[action='/sign-out']")?.addEventListener("submit", () => keepList({}));

// The address of what the page is about, whichever of its tabs is open.
const objectHere = document.querySelector("nav.tabs[data-object] a")?.getAttribute("href");
let isTouched = false;
document.addEventListener("input", ({ target }) => {
  isTouched ||= Boolean(target.closest("main form[method=post]"));
});

function neighbour(by) {
  const links = keptList().links ?? [];
  const at = links.indexOf(objectHere);
  const to = at < 0 || isTouched ? undefined : links[at + by];
  if (to) location.assign(to + location.pathname.slice(objectHere.length));
  return Boolean(to);
}

// Back to the list; not from a form in which something was written.
function backToList() {
  if (!objectHere || isTouched) return false;
  const kept = keptList();
  const isFromThere = kept.links?.includes(objectHere);
  if (isFromThere) keepList({ ...kept, left: objectHere });
  location.assign(isFromThere ? kept.here : objectHere.replace(/\/[^/]*$/, ""));
  return true;
}

if (!objectHere && document.querySelector("main table.list")) {
  const { left } = keptList();
  const links = rows().map((row) => row.querySelector("th a").getAttribute("href"));
  if (links.length > 0) {
    keepList({ here: location.pathname + location.search, links });
    if (links.includes(left)) rows()[links.indexOf(left)].querySelector("th a").focus();
  }
}
