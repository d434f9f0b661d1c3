// Whether somebody has this username, phone, code or address already, said while it is typed. The form's own check stays.

for (const form of document.querySelectorAll("form[data-taken]")) {
  for (const name of ["username", "phone", "code", "static_ipv4"]) {
    const input = form.elements[name];
    if (!input) continue;
    const first = input.value;
    const said = document.createElement("span");
    said.className = "taken";
    said.setAttribute("role", "status");
    input.after(said);
    const ask = asker((html) => { said.innerHTML = html; });
    input.addEventListener("input", later(() => {
      const value = input.value.trim();
      if (value === "" || value === first) said.replaceChildren();
      else ask(`${form.dataset.taken}?field=${name}&value=${encodeURIComponent(value)}`);
    }, 250));
  }
}
