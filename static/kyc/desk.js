// The desk: everything by key, pictures that can be turned and lightened, the face's film. Pages work without it, by Tab.

const KEYS = "desk keys";
const desk = document.querySelector("[data-desk]");
const toggle = document.querySelector("[data-keys]");
const on = () => localStorage.getItem(KEYS) !== "off";

if (toggle) {
  toggle.checked = on();
  toggle.addEventListener("change", () => localStorage.setItem(KEYS, toggle.checked ? "on" : "off"));
}

// Where the focus was before a key took it; Escape gives it back.
let origin = null;
const shown = (element) => element?.checkVisibility?.() !== false && element?.isConnected;
function giveBack(otherwise) {
  const place = shown(origin) && origin !== document.body ? origin : otherwise;
  origin = null;
  if (place) place.focus({ preventScroll: true });
  else document.activeElement?.blur();
}

// A decision asks for a second, other key: Enter on the button that now has the focus. One that lets the file pass goes
// from one unanswered warning to the next first.
const answers = [...(desk?.querySelectorAll("[data-answer]") ?? [])];
const passing = desk?.querySelector("[data-pass]");
function press(target) {
  const unanswered = target === passing && answers.find((answer) => !answer.value.trim());
  if (!document.activeElement?.closest("[data-answer], .decide details")) origin = document.activeElement;
  if (unanswered) unanswered.focus();
  else if (target.tagName === "SUMMARY") {
    const box = target.closest("details");
    box.open = !box.open || !box.classList.contains("alike");
    (box.open && box.querySelector("select, textarea, input:not([type=hidden])") || target).focus();
  } else if (target.tagName === "INPUT" || target.dataset.twice) {
    if (target.dataset.twice && document.activeElement !== target) {
      const word = Object.assign(document.createElement("span"), { textContent: ` · ${target.dataset.twice}` });
      target.append(word);
      target.addEventListener("blur", () => word.remove(), { once: true });
    }
    target.focus();
  } else target.click();
}

addEventListener("keydown", (event) => {
  if (!desk || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "Escape") {
    const box = event.target.closest?.("details[open]") ?? desk.querySelector(".decide details[open], .alike[open]");
    if (box) box.open = false;
    return giveBack(box?.querySelector("summary"));
  }
  if (event.key === "Enter" && event.target.matches("[data-answer]")) {
    event.preventDefault();
    return press(passing);
  }
  if (!on() || event.target.matches("input:not([type=checkbox], [type=range]), select, textarea")) return;
  const targets = [...desk.querySelectorAll("[data-key]")].filter((button) => button.dataset.key === event.key.toLowerCase());
  const target = targets.find((summary) => !summary.closest(".alike")?.open) ?? targets[0]; // pair after pair
  if (target) event.preventDefault(), press(target);
});

// ── The queue ──

// Down and up its rows; Enter follows the link, as everywhere.
addEventListener("keydown", (event) => {
  const step = { j: 1, k: -1 }[event.key];
  if (!desk || !on() || !step || event.ctrlKey || event.altKey || event.metaKey || event.target.matches("input:not([type=checkbox]), select, textarea")) return;
  const rows = [...desk.querySelectorAll("[data-row]")];
  rows[Math.max(0, Math.min(rows.length - 1, rows.indexOf(document.activeElement) + step))]?.focus();
});
for (const select of desk?.querySelectorAll(".sieve form[method=get] select") ?? []) select.addEventListener("change", () => select.form.requestSubmit());

// A page that stays open is told what changed; nothing of a file is fetched, for that would be a look.
async function follow(root, address, seconds, tell) {
  const answer = document.hidden ? null : await fetch(address, { headers: { Accept: "application/json" }, redirect: "error" }).catch(() => null);
  if (answer?.ok) tell(await answer.json());
  setTimeout(() => follow(root, address, seconds, tell), seconds * 1000);
}
const numbers = desk?.querySelector("[data-counts]");
if (numbers) setTimeout(() => follow(numbers, numbers.dataset.counts, 15, (counts) => {
  for (const count of numbers.querySelectorAll("[data-count]")) count.textContent = counts[count.dataset.count];
}), 15_000);
const news = desk?.querySelector("[data-stands]");
if (news) follow(news, news.dataset.stands, 4, ({ turns, said }) => {
  if (String(turns) === news.dataset.turns) return;
  news.hidden = false;
  news.querySelector("[data-said]").textContent = said;
});

for (const form of desk?.querySelectorAll("form[method=post]") ?? []) form.addEventListener("submit", (event) => (form.dataset.sent ? event.preventDefault() : (form.dataset.sent = "yes")));

// ── Pictures ──

const place = document.querySelector("[data-pictures]");
if (place) {
  const views = [...place.querySelectorAll("[data-view]")];
  const states = new Map(views.map((view) => [view, { zoom: 1, turn: 0, light: 1, x: 0, y: 0 }]));
  let chosen = views[0];
  const draw = (view) => {
    const { zoom, turn, light, x, y } = states.get(view);
    const image = view.querySelector("img");
    image.style.transform = `translate(${x}px, ${y}px) scale(${zoom}) rotate(${turn}deg)`;
    image.style.filter = light === 1 ? "" : `brightness(${light})`;
  };
  const choose = (view) => {
    chosen = view;
    for (const other of views) other.dataset.chosen = String(other === view);
    for (const [number, button] of [...place.querySelectorAll("[data-picture]")].entries()) button.setAttribute("aria-pressed", String(views[number] === view));
  };
  const change = (what) => {
    const now = states.get(chosen);
    if (what === "larger") now.zoom = Math.min(6, now.zoom * 1.3);
    if (what === "smaller") now.zoom = Math.max(1, now.zoom / 1.3);
    if (what === "turn") now.turn = (now.turn + 90) % 360;
    if (what === "brighter") now.light = Math.min(3, now.light * 1.2);
    if (what === "darker") now.light = Math.max(0.3, now.light / 1.2);
    if (what === "reset") Object.assign(now, { zoom: 1, turn: 0, light: 1, x: 0, y: 0 });
    if (now.zoom === 1) now.x = now.y = 0;
    chosen.classList.toggle("zoomed", now.zoom > 1);
    draw(chosen);
  };
  for (const tool of place.querySelectorAll("[data-tool]")) tool.addEventListener("click", () => change(tool.dataset.tool));
  for (const view of views) {
    view.addEventListener("focus", () => choose(view));
    view.addEventListener("wheel", (event) => event.ctrlKey && (event.preventDefault(), choose(view), change(event.deltaY < 0 ? "larger" : "smaller")), { passive: false });
    view.addEventListener("dblclick", () => (choose(view), change(states.get(view).zoom > 1 ? "reset" : "larger")));
    view.addEventListener("pointerdown", (start) => {
      choose(view);
      if (states.get(view).zoom === 1) return;
      const { x, y } = states.get(view);
      const move = (event) => (Object.assign(states.get(view), { x: x + event.clientX - start.clientX, y: y + event.clientY - start.clientY }), draw(view));
      view.setPointerCapture(start.pointerId);
      view.addEventListener("pointermove", move);
      for (const ends of ["pointerup", "pointercancel"]) view.addEventListener(ends, () => view.removeEventListener("pointermove", move), { once: true });
    });
    view.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [30, 0], ArrowRight: [-30, 0], ArrowUp: [0, 30], ArrowDown: [0, -30] }[event.key];
      if (!step || states.get(view).zoom === 1) return;
      event.preventDefault();
      states.get(view).x += step[0];
      states.get(view).y += step[1];
      draw(view);
    });
  }
  if (views.length) choose(views[0]);
  for (const [number, button] of [...place.querySelectorAll("[data-picture]")].entries()) button.addEventListener("click", () => {
    const view = views[number];
    for (const other of views) other.closest("figure").classList.toggle("large", other === view && !other.closest("figure").classList.contains("large"));
    view?.focus();
  });
  // The card's portrait beside the two stills, all else out of the way.
  place.querySelector("[data-faces]")?.addEventListener("click", (event) => {
    const on = place.classList.toggle("faces");
    event.currentTarget.setAttribute("aria-pressed", String(on));
    for (const view of views) {
      view.closest("figure").classList.remove("large");
      Object.assign(states.get(view), { zoom: 1, turn: 0, light: 1, x: 0, y: 0 });
      draw(view);
    }
    const front = views.find((view) => view.querySelector("[data-of=card-front]"));
    if (!front) return;
    choose(front);
    if (on) Object.assign(states.get(front), { zoom: 2.4, x: front.clientWidth * 0.72, y: -front.clientHeight * 0.1 });
    front.classList.toggle("zoomed", on);
    draw(front);
  });

  // The film is one sheet of frames; it is fetched when somebody asks for it, for each look is on the record.
  const film = place.querySelector("[data-film]");
  const player = place.querySelector("[data-player]");
  film?.addEventListener("click", async () => {
    if (!player.hidden) return (player.hidden = true);
    player.hidden = false;
    const frames = Number(film.dataset.frames);
    const [canvas, slide, play] = [player.querySelector("canvas"), player.querySelector("input"), player.querySelector("[data-play]")];
    const pen = canvas.getContext("2d");
    const sheet = player.sheet ?? (player.sheet = Object.assign(new Image(), { src: film.dataset.film }));
    try {
      await sheet.decode();
    } catch {
      player.sheet = null;
      return (player.hidden = true);
    }
    slide.max = frames - 1;
    let timer = null;
    const at = (number) => pen.drawImage(sheet, (number % 10) * 150, Math.floor(number / 10) * 200, 150, 200, 0, 0, 300, 400);
    const stop = () => (clearInterval(timer), (timer = null), (play.textContent = play.dataset.play));
    slide.oninput = () => (stop(), at(Number(slide.value)));
    play.onclick = () => {
      if (timer) return stop();
      let number = Number(slide.value) >= frames - 1 ? 0 : Number(slide.value);
      play.textContent = play.dataset.stop;
      timer = setInterval(() => {
        if (number >= frames || player.hidden) return stop();
        slide.value = number;
        at(number++);
      }, 150);
    };
    at(0);
    play.focus();
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) play.click();
  });
}
