// The counter: a key for every button that names one, and a list that stays true without moving what is being read.

const typing = (target) => target.closest("input, textarea, select, [contenteditable]");

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.repeat) return;
  if (event.key === "Escape" && typing(event.target)) return event.target.blur();
  if (typing(event.target)) return;
  if (event.key === "/") {
    const find = document.querySelector(".counter-find input[type=text]");
    if (find) event.preventDefault(), find.focus();
    return;
  }
  if (event.key === "Enter" && event.target.closest("a, button, summary, label")) return;
  const pressed = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const meant = [...document.querySelectorAll("[data-key]")].find((each) => each.dataset.key === pressed && each.checkVisibility());
  if (meant) return event.preventDefault(), meant.click();
  if (pressed === "j" || pressed === "k") step(pressed === "j" ? 1 : -1);
});

function step(by) {
  const rows = [...document.querySelectorAll(".counter-rows a")];
  const at = rows.indexOf(document.activeElement);
  rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + by))]?.focus();
}

// What a row says is put in its place; who came or went is told, and shown when asked for.
const queue = document.querySelector("[data-queue]");
const drawn = (root) => [...root.querySelectorAll("[data-row]")].map((row) => `${row.closest("[data-group]").dataset.group} ${row.dataset.row}`).join();

async function refresh() {
  const answer = document.hidden ? null : await fetch(location.pathname, { headers: { "X-Counter": "follow" }, redirect: "manual", cache: "no-store" }).catch(() => null);
  if (answer?.type === "opaqueredirect") return location.reload();
  if (answer?.ok) {
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const row of queue.querySelectorAll("[data-row]")) {
      const now = fresh.querySelector(`[data-row="${row.dataset.row}"] [data-says]`);
      const says = row.querySelector("[data-says]");
      if (now && says.textContent !== now.textContent) says.textContent = now.textContent;
    }
    queue.querySelector("[data-news] button").hidden = drawn(queue) === drawn(fresh);
  }
  setTimeout(refresh, 5000);
}

if (queue) {
  queue.querySelector("[data-news] button").addEventListener("click", () => location.reload());
  setTimeout(refresh, 5000);
}
