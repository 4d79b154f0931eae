// What the demo does beyond HTML: the ribbon tells of new messages, the desk's table is filtered while one types.

// ── The ribbon: what came, and the code in it, ready to be copied ──

const news = document.querySelector("[data-news]");
const code = news?.querySelector("[data-code]");
if (code) code.hidden = code.value === "";

function show({ number, code: digits }) {
  const count = news.querySelector("[data-count]");
  count.querySelector("b").textContent = String(number);
  count.hidden = number === 0;
  if (code.value !== digits) code.querySelector("b").textContent = code.value = digits;
  code.hidden = digits === "";
}

async function ask() {
  if (document.hidden) return;
  try {
    // Without cookies: asking must not keep anybody signed in.
    const answer = await fetch(news.dataset.news, { credentials: "omit", headers: { Accept: "application/json" } });
    if (answer.ok) show(await answer.json());
  } catch {
    // The line is away; it is asked again soon.
  }
}

code?.addEventListener("click", async () => {
  await navigator.clipboard?.writeText(code.value);
  code.querySelector("[role=status]").textContent = code.dataset.said;
});
if (news && news.dataset.news.includes("to=")) setInterval(ask, 4000);

// ── The desk: the form filters without being sent ──

const form = document.querySelector("[data-filter]");
const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/gi, "d").toLowerCase();

function filter() {
  const words = folded(form.elements.q.value).split(/\s+/).filter(Boolean);
  let number = 0;
  for (const row of document.querySelectorAll("[data-words]")) {
    const fits = (name) => ["", row.dataset[name]].includes(form.elements[name].value);
    row.hidden = !(fits("role") && fits("at") && words.every((word) => row.dataset.words.includes(word)));
    number += row.hidden ? 0 : 1;
  }
  document.querySelector("[data-none]").hidden = number > 0;
}

form?.addEventListener("input", filter);
form?.addEventListener("submit", (event) => (event.preventDefault(), filter()));
if (form) filter();
