// The language switch keeps what was typed: in this tab alone, until the page is there again. Passwords, codes and files are
// typed anew. (Without JavaScript the page comes back as it was last saved.)
const KEPT = "typed";
const boxes = () =>
  [...document.querySelectorAll("main :is(input, textarea, select)")].filter(
    (box) => box.name && !["password", "hidden", "file", "submit"].includes(box.type) && box.autocomplete !== "one-time-code",
  );
const isTicked = (box) => box.type === "checkbox" || box.type === "radio";

for (const form of document.querySelectorAll("[data-language]")) {
  form.addEventListener("submit", () => {
    const typed = boxes().map((box) => [box.name, isTicked(box) ? box.checked : box.value]);
    sessionStorage.setItem(KEPT, JSON.stringify({ page: location.pathname, typed }));
  });
}

const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
sessionStorage.removeItem(KEPT);
if (kept?.page === location.pathname) {
  for (const [place, box] of boxes().entries()) {
    const [name, value] = kept.typed[place] ?? [];
    if (name !== box.name) continue;
    if (isTicked(box)) box.checked = value;
    else if (box.tagName !== "SELECT" || [...box.options].some((option) => option.value === value)) box.value = value;
  }
}
