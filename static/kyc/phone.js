// Two devices at one capture: each page follows what happens on the other.

const root = document.querySelector("[data-follow]");
async function follow() {
  try {
    const answer = await fetch(root.dataset.follow, { headers: { Accept: "application/json" } });
    const told = answer.ok ? await answer.json() : null;
    if (answer.status === 409 || (told && told.now !== root.dataset.now)) return location.reload();
  } catch {
    // the line is away: ask again
  }
  setTimeout(follow, document.hidden ? 6000 : 2000);
}
if (root) setTimeout(follow, 1500);
