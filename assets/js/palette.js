// The search over everything, above whatever page is open. It shows what `/go` finds; the box on the page does the same without this.

let palette;

function openPalette() {
  const box = document.querySelector("form.top-search");
  if (!box) return false;
  palette ??= newPalette(box);
  if (!palette.open) palette.showModal();
  palette.querySelector("input").select();
  return true;
}

function newPalette(topForm) {
  const dialog = newDialog("palette", topForm.getAttribute("aria-label"));
  const form = topForm.cloneNode(true);
  form.className = "search";
  const box = form.elements.q;
  box.removeAttribute("id");
  box.autocomplete = "off";
  const found = document.createElement("div");
  const count = document.createElement("p");
  count.className = "hint";
  count.setAttribute("role", "status");
  dialog.append(form, found, count);

  // What was looked for last, and whether the answer to it is seen.
  let text;
  let asked;
  let isSeen = false;
  const links = () => [...found.querySelectorAll("a")];
  const ask = asker((html) => {
    found.innerHTML = html;
    count.textContent = found.firstElementChild?.dataset.said ?? "";
    isSeen = true;
  });
  const look = () => {
    if (box.value !== text) {
      text = box.value;
      isSeen = false;
      asked = ask(`/go?part=yes&q=${encodeURIComponent(text)}`);
    }
    return asked;
  };
  box.addEventListener("input", later(look, 120));
  form.addEventListener("submit", async (event) => {
    // what is seen is what Enter opens; of what is not seen yet, only the one thing that is found
    event.preventDefault();
    const wasSeen = isSeen && box.value === text;
    await look();
    if (links().length === 1 || (wasSeen && links().length > 0)) links()[0].click();
    else if (links().length === 0) form.submit();
  });
  dialog.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) {
      const stops = [box, ...links()];
      const next = stops[stops.indexOf(document.activeElement) + by];
      event.preventDefault();
      next?.focus();
    } else if (event.target !== box && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) {
      // whoever goes on writing means the box
      box.focus();
    }
  });
  look();
  return dialog;
}
