// What happens elsewhere, on another device or at the reviewer's desk, is followed here.

const root = document.querySelector("[data-follow]");
const every = Number(root.dataset.every ?? 2) * 1000;
const place = root.querySelector("[data-place]");
let before = "";

// Nothing is taken from under somebody's hands: what was ticked or typed is sent, or answered, first.
const typing = () => [...root.querySelectorAll("input:not([type=hidden]), textarea")].some((box) => (["checkbox", "radio"].includes(box.type) ? box.checked !== box.defaultChecked : box.value !== box.defaultValue));

// A page that has one to lead to goes there as soon as what it offered was taken up; any other loads itself again.
function moved(now) {
  if (!root.dataset.then) return now !== root.dataset.now && !typing() && location.reload();
  if (before.startsWith("offered") && !now.startsWith("offered")) location.assign(root.dataset.then);
  before = now;
}

async function follow() {
  const answer = await fetch(root.dataset.follow, { redirect: "manual", headers: { Accept: "application/json" } }).catch(() => null);
  if (answer && (answer.status === 404 || answer.status === 409 || answer.type === "opaqueredirect")) return location.reload();
  const told = answer?.ok ? await answer.json().catch(() => null) : null;
  if (told) moved(told.now);
  if (told && place && place.textContent !== told.said) place.textContent = told.said;
  setTimeout(follow, document.hidden ? every * 3 : every);
}
// What only wide screens show is followed on those alone.
if (!root.dataset.then || getComputedStyle(root).display !== "none") setTimeout(follow, Math.min(every, 1500));
