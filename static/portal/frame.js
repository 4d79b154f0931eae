// What the frame of every page does, customers' and staff's.

// What drops down closes by Escape, and by a press anywhere else.
const drops = () => [...document.querySelectorAll("[data-menu][open], .drop[open]")];
addEventListener("click", (event) => {
  for (const drop of drops()) drop.open = drop.contains(event.target);
});
addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const drop = drops().findLast((each) => each.contains(document.activeElement)) ?? drops().at(-1);
  if (!drop) return;
  drop.open = false;
  drop.querySelector("summary").focus();
});

// Before a session ends the page says so, and one press keeps it.
const session = document.querySelector("[data-session-ends]");
if (session) {
  let ends = Number(session.dataset.sessionEnds) * 1000;
  const warned = 120_000;
  const minutes = session.querySelector("[data-minutes]");
  setInterval(() => {
    const left = ends - Date.now();
    minutes.textContent = String(Math.max(0, Math.ceil(left / 60_000)));
    session.hidden = left > warned;
    if (left < -1000) location.reload();
  }, 1000);
  session.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    const lost = session.querySelector("[data-lost]");
    lost.hidden = true;
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } });
      if (!answer.ok) return location.reload();
      ends = (await answer.json()).ends * 1000;
      session.hidden = true;
    } catch {
      lost.hidden = false; // the line broke: nothing was kept, and the press may be repeated
    } finally {
      delete form.dataset.sent;
      form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
    }
  });
}

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
