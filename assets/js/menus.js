// Menus close by a press elsewhere and by Escape.

document.addEventListener("click", ({ target }) => {
  for (const menu of document.querySelectorAll("details:is(.menu, .inplace)[open]")) {
    if (!menu.contains(target)) menu.open = false;
  }
});

// Closes the open menu, if there is one, and goes back to what opened it.
function closeMenu() {
  const menu = [...document.querySelectorAll("details:is(.menu, .inplace)[open]")].pop();
  if (!menu) return false;
  menu.open = false;
  menu.querySelector("summary").focus();
  return true;
}
