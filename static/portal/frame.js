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

// Before a session ends the page says so, and one press keeps it. A second screen's clock may be wrong by more than it lasts:
// it says the server's beside it, and the page that takes its place.
const session = document.querySelector("[data-session-ends]");
if (session) {
  const { now, over, warned = 120 } = session.dataset;
  const behind = now ? Date.now() - now * 1000 : 0;
  const [minutes, seconds] = ["minutes", "seconds"].map((name) => session.querySelector(`[data-${name}]`));
  setInterval(() => {
    const left = session.dataset.sessionEnds * 1000 + behind - Date.now();
    if (minutes) minutes.textContent = String(Math.max(0, Math.ceil(left / 60_000)));
    if (seconds) seconds.textContent = String(Math.max(0, Math.ceil(left / 1000)));
    session.hidden = left > warned * 1000;
    if (left < -1000 && (over || navigator.onLine)) over ? location.replace(over) : location.reload();
  }, 1000);
  session.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    const lost = session.querySelector("[data-lost]");
    lost.hidden = true;
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } });
      if (!answer.ok) return location.reload();
      session.dataset.sessionEnds = (await answer.json()).ends;
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
