// Rows of lists: the focus moves from row to row, rows are selected, and the bar says how many are.

let lastRow;
let lastBox;

const rows = () => [...document.querySelectorAll("main tbody tr:has(th a)")];
const rowAtHand = () => {
  const row = document.activeElement.closest("main tbody tr") ?? lastRow;
  return row?.isConnected ? row : undefined;
};

function moveRow(by) {
  const all = rows();
  const at = all.indexOf(rowAtHand());
  const next = at < 0 ? all[0] : all[at + by];
  if (!next) return false;
  lastRow = next;
  next.querySelector("th a").focus();
  return true;
}

const boxOf = (row) => row?.querySelector(".pick input");

function select(box, isRange) {
  if (!box) return false;
  const boxes = [...box.form.querySelectorAll("tbody .pick input")];
  const from = isRange ? boxes.indexOf(lastBox) : -1;
  const to = boxes.indexOf(box);
  if (from < 0) box.checked = !box.checked;
  else boxes.slice(Math.min(from, to), Math.max(from, to) + 1).forEach((one) => { one.checked = true; });
  lastBox = box;
  box.form.dispatchEvent(new Event("change"));
  return true;
}

function openRow() {
  const link = rowAtHand()?.querySelector("th a");
  if (link) window.open(link.href, "_blank", "noopener");
  return Boolean(link);
}

for (const form of document.querySelectorAll("form.rows")) {
  const boxes = [...form.querySelectorAll("tbody .pick input")];
  const page = form.querySelector("thead .pick input");
  const said = form.querySelector("[data-said]");
  page.hidden = false;
  const tell = () => {
    const count = boxes.filter((box) => box.checked).length;
    page.checked = count > 0 && count === boxes.length;
    page.indeterminate = count > 0 && count < boxes.length;
    said.textContent = said.dataset.said.replace("#", printed(count));
  };
  form.addEventListener("change", ({ target }) => {
    if (target === page) boxes.forEach((box) => { box.checked = page.checked; });
    tell();
  });
  form.addEventListener("click", (event) => {
    if (!boxes.includes(event.target)) return;
    if (event.shiftKey && lastBox) {
      // the press has turned it already
      event.target.checked = !event.target.checked;
      select(event.target, true);
    }
    lastBox = event.target;
  });
  // a browser that goes back fills boxes in again after this has run
  window.addEventListener("pageshow", tell);
}
