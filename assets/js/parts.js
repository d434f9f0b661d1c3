// Pieces of pages that are asked for while somebody types.

// Asks for a piece and shows it, unless something newer was asked meanwhile. A failure shows nothing: whatever it helps works without it, too.
function asker(show) {
  let newest;
  return async (address) => {
    newest?.abort();
    newest = new AbortController();
    const { signal } = newest;
    try {
      const answer = await fetch(address, { signal });
      // whoever was signed out meanwhile is led to the door by the next page
      const text = answer.ok && !answer.redirected ? await answer.text() : "";
      if (!signal.aborted) show(text);
    } catch {
      if (!signal.aborted) show("");
    }
  };
}

// Waits until nobody types any more.
function later(run, milliseconds) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(run, milliseconds);
  };
}

// A number in the digits of the page's language.
function printed(number) {
  return new Intl.NumberFormat(document.documentElement.lang).format(number);
}

// A dialog that Escape, and a press beside it, closes.
function newDialog(name, label) {
  const dialog = document.createElement("dialog");
  dialog.className = name;
  dialog.setAttribute("aria-label", label);
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  document.body.append(dialog);
  return dialog;
}
