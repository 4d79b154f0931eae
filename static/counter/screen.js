// The second screen: what it does so that nothing of one customer is there for the next.

const session = document.querySelector("[data-session-ends]");
const farewell = document.querySelector("a[data-over]");
const end = () => farewell && location.replace(farewell.href);

// ── Its end: no page of it comes back by the back button, nor does the browser fill in or keep what was typed ──

addEventListener("pageshow", (event) => event.persisted && location.reload());
farewell?.addEventListener("click", (event) => (event.preventDefault(), end()));
if (!farewell) sessionStorage.clear();

for (const form of document.forms) form.autocomplete = "off";
for (const box of document.querySelectorAll("main input:not([type=hidden])")) {
  box.autocomplete = box.type === "password" ? "new-password" : box.autocomplete === "one-time-code" ? "one-time-code" : "off";
}

// ── Silence is when nobody touches anything: whoever reads, types or draws is there ──

async function ask(init) {
  try {
    const answer = await fetch(session.querySelector("form").action, { ...init, redirect: "error", headers: { Accept: "application/json" } });
    if (answer.status === 401) return end();
    if (answer.ok) session.dataset.sessionEnds = (await answer.json()).ends;
  } catch {
    // the line is away: the page's own clock goes on
  }
}

if (session) {
  const EVERY = session.dataset.warned * 500;
  let last = Date.now();
  for (const touch of ["pointerdown", "keydown", "wheel"]) {
    addEventListener(touch, (event) => {
      if (!event.isTrusted || Date.now() - last < EVERY) return;
      last = Date.now();
      ask({ method: "POST", body: new FormData(session.querySelector("form")) });
    }, { capture: true, passive: true });
  }
  // The agent may end it, and so may another window of it.
  setInterval(() => document.hidden || ask({}), 5000);
}

// ── A PDF is shown within the page: in a window of its own it would stay there ──

for (const link of document.querySelectorAll("main a[href$='.pdf']")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const paper = document.querySelector("iframe.paper") ?? document.createElement("iframe");
    Object.assign(paper, { className: "paper", src: `${link.href}#toolbar=0`, title: link.textContent });
    link.closest(".card").append(paper);
  });
}
