// What the journey's pages do beyond HTML. Without JavaScript every one of them still works, only slower.

const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/gi, "d").toLowerCase();
const later = (wait, act) => {
  let timer;
  return () => (clearTimeout(timer), (timer = setTimeout(act, wait)));
};

// ── The draft is saved as one types, and before the page is left ──

const form = document.querySelector("form[data-draft]");
let unsaved = false;
let saving = Promise.resolve();

async function save() {
  if (!unsaved) return;
  unsaved = false;
  const said = form.querySelector("[data-draft-said]");
  try {
    const answer = await fetch(form.dataset.draft, {
      method: "POST", body: new FormData(form), headers: { Accept: "application/json" }, keepalive: true, redirect: "error",
    });
    if (answer.status === 409) return location.reload(); // the application moved on in another tab
    if (!answer.ok || !(await answer.json()).kept) throw new Error(String(answer.status));
    const now = new Date();
    if (!unsaved) form.dispatchEvent(new Event("kept"));
    said.textContent = `${form.dataset.saved} ${String(now.getHours()).padStart(2, "0")}:${String(now.getMinutes()).padStart(2, "0")}`;
  } catch {
    unsaved = true;
    form.dispatchEvent(new Event("unkept"));
    said.textContent = form.dataset.unsaved;
    soon();
  }
}
const inTurn = () => (saving = saving.then(save));
const soon = later(1200, inTurn);

if (form) {
  form.addEventListener("input", () => ((unsaved = true), soon()));
  form.addEventListener("submit", () => (unsaved = false));
  addEventListener("pagehide", inTurn);
  addEventListener("online", inTurn);
  // The language switch loads the page anew: what was typed goes ahead of it.
  for (const other of document.querySelectorAll("form[method=post]")) {
    if (other === form || other.matches("[data-scan]")) continue;
    other.addEventListener("submit", async (event) => {
      if (!unsaved || event.defaultPrevented) return;
      event.preventDefault();
      await inTurn();
      unsaved = false;
      if (event.submitter?.name) other.append(Object.assign(document.createElement("input"), { type: "hidden", name: event.submitter.name, value: event.submitter.value }));
      other.submit();
    });
  }
}

// ── Dates: eight digits become a date when the field is left ──

for (const day of document.querySelectorAll("[data-day]")) {
  day.addEventListener("change", () => {
    const digits = day.value.replace(/\D/g, "");
    if (digits.length === 8 && !day.value.startsWith(digits.slice(0, 4) + "-")) day.value = `${digits.slice(0, 2)}/${digits.slice(2, 4)}/${digits.slice(4)}`;
  });
}

// ── Choosing from a long list by typing, with or without accents ──

class Typeahead {
  constructor(select) {
    this.select = select;
    this.input = Object.assign(document.createElement("input"), { type: "text", autocomplete: "off", spellcheck: false });
    this.list = document.createElement("ul");
    this.list.id = `${select.id}_list`;
    this.list.role = "listbox";
    this.list.hidden = true;
    this.input.id = select.id;
    this.input.className = "box";
    this.input.placeholder = select.options[0]?.value ? "" : (select.options[0]?.text ?? "");
    for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.list.id })) this.input.setAttribute(name, value);
    for (const name of ["aria-describedby", "aria-invalid"]) if (select.hasAttribute(name)) this.input.setAttribute(name, select.getAttribute(name));
    select.id = `${select.id}_value`;
    select.hidden = true;
    const label = document.querySelector(`label[for="${this.input.id}"]`);
    this.list.setAttribute("aria-label", label?.textContent.trim() ?? "");
    const frame = document.createElement("div");
    frame.className = "combo";
    select.before(frame);
    frame.append(this.input, this.list, select);
    this.at = -1;
    this.show();
    this.input.addEventListener("input", (event) => (event.stopPropagation(), this.search(this.input.value)));
    this.input.addEventListener("focus", () => this.input.select());
    this.input.addEventListener("click", () => this.search(""));
    this.input.addEventListener("blur", () => setTimeout(() => this.leave(), 150));
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => event.target.closest("[data-value]") && this.choose(event.target.closest("[data-value]").dataset.value));
  }

  get options() {
    return [...this.select.options].filter((option) => option.value);
  }

  show() {
    const chosen = this.select.selectedOptions[0];
    this.input.value = chosen?.value ? chosen.text : "";
  }

  search(text) {
    const words = folded(text).split(/\s+/).filter(Boolean);
    this.found = this.options.filter((option) => words.every((word) => ` ${folded(option.text)}`.includes(` ${word}`)));
    this.list.replaceChildren(...this.found.map((option, place) => {
      const item = document.createElement("li");
      item.role = "option";
      item.id = `${this.list.id}_${place}`;
      item.dataset.value = option.value;
      item.textContent = option.text;
      item.setAttribute("aria-selected", "false");
      return item;
    }));
    this.list.hidden = this.found.length === 0;
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    this.mark(words.length && this.found.length ? 0 : -1);
  }

  mark(place) {
    this.at = place;
    for (const [index, item] of [...this.list.children].entries()) item.setAttribute("aria-selected", String(index === place));
    const item = this.list.children[place];
    item?.scrollIntoView({ block: "nearest" });
    item ? this.input.setAttribute("aria-activedescendant", item.id) : this.input.removeAttribute("aria-activedescendant");
  }

  key(event) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (this.list.hidden) return this.search("");
      const size = this.found.length;
      this.mark((this.at + (event.key === "ArrowDown" ? 1 : -1) + size) % size);
    } else if (event.key === "Enter" && !this.list.hidden) {
      event.preventDefault();
      if (this.found[this.at]) this.choose(this.found[this.at].value);
    } else if (event.key === "Escape") {
      this.close();
      this.show();
    }
  }

  choose(value) {
    this.select.value = value;
    this.close();
    this.show();
    this.select.dispatchEvent(new Event("input", { bubbles: true }));
    this.select.dispatchEvent(new Event("change", { bubbles: true }));
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  // Left in mid-word: what fits exactly one place, or is its whole name, is that place; anything else is put back.
  leave() {
    this.close();
    const typed = folded(this.input.value.trim());
    if (!typed) return this.show();
    const same = this.options.filter((option) => folded(option.text) === typed);
    const like = same.length ? same : this.options.filter((option) => ` ${folded(option.text)}`.includes(` ${typed}`));
    if (like.length === 1 && like[0].value !== this.select.value) this.choose(like[0].value);
    else this.show();
  }

  fill(pairs) {
    const first = this.select.options[0];
    this.select.replaceChildren(first, ...pairs.map(([value, text]) => new Option(text, value)));
    this.select.value = "";
    this.show();
  }
}

const lists = new Map();
for (const select of document.querySelectorAll("[data-typeahead]")) lists.set(select.id, new Typeahead(select));
for (const list of lists.values()) {
  const wards = lists.get(list.select.dataset.wards);
  if (!wards) continue;
  list.select.addEventListener("change", async () => {
    wards.fill([]);
    const answer = await fetch(form.dataset.places.replace(/00\/$/, `${encodeURIComponent(list.select.value)}/`), { headers: { Accept: "application/json" } });
    if (answer.ok) wards.fill((await answer.json()).wards);
  });
}

// ── The card's QR: the camera's frames, or one photograph, are read by the server and not kept ──

const scan = document.querySelector("form[data-scan]");
if (scan) {
  const video = scan.querySelector("video");
  const [live, stop, plain] = ["live", "stop", "plain"].map((name) => scan.querySelector(`[data-${name}]`));
  const photo = scan.querySelector("[type=file]");
  const say = (text) => (scan.querySelector("[data-said]").textContent = text);
  plain.hidden = true;
  live.hidden = !navigator.mediaDevices?.getUserMedia;
  let stream = null;

  const picture = (source, width, height) => {
    const scale = Math.min(1, 1600 / Math.max(width, height));
    const canvas = Object.assign(document.createElement("canvas"), { width: Math.round(width * scale), height: Math.round(height * scale) });
    canvas.getContext("2d").drawImage(source, 0, 0, canvas.width, canvas.height);
    return canvas;
  };
  const jpeg = (canvas) => new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.8));
  const send = async (name, ...value) => {
    await inTurn();
    const body = new FormData();
    body.append("csrfmiddlewaretoken", scan.querySelector("[name=csrfmiddlewaretoken]").value);
    body.append(name, ...value);
    const answer = await fetch(scan.action, { method: "POST", body, headers: { Accept: "application/json" } });
    return [answer.ok, await answer.json()];
  };
  // What was typed and what the card says are in the draft: the page shows both, and what to choose.
  const filled = () => ((unsaved = false), location.assign(location.pathname + ("reader" in scan.dataset ? "?read" : "")));
  const end = () => {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    video.hidden = stop.hidden = true;
    live.hidden = false;
  };
  stop.addEventListener("click", () => (end(), say("")));
  live.addEventListener("click", async () => {
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } } });
    } catch {
      return say(scan.dataset.blocked);
    }
    video.srcObject = stream;
    video.hidden = stop.hidden = false;
    live.hidden = true;
    stop.focus();
    say(scan.dataset.searching);
    await video.play();
    const detector = "BarcodeDetector" in window ? new BarcodeDetector({ formats: ["qr_code"] }) : null;
    for (let frame = 0; frame < 40 && stream; frame++) {
      await new Promise((done) => setTimeout(done, 700));
      if (!stream || !video.videoWidth) continue;
      const canvas = picture(video, video.videoWidth, video.videoHeight);
      if (detector && !(await detector.detect(canvas).catch(() => [1])).length) continue;
      const [found, told] = await send("photo", await jpeg(canvas), "card.jpg").catch(() => [false, {}]);
      if (found && stream) return end(), filled();
      if (told.status === 429) return end(), say(told.detail);
    }
    if (stream) end(), say(scan.dataset.none);
  });
  photo.addEventListener("change", async () => {
    if (!photo.files[0]) return;
    say(scan.dataset.sending);
    try {
      const bitmap = await createImageBitmap(photo.files[0]);
      const [found, told] = await send("photo", await jpeg(picture(bitmap, bitmap.width, bitmap.height)), "card.jpg");
      found ? filled() : say(told.detail);
    } catch {
      say(scan.dataset.none);
    }
    photo.value = "";
  });
  // At a counter: what a reader typed (counter/reader.js), or what was pasted.
  const read = async (text, strange) => {
    if (strange) return say(scan.dataset.mangled);
    say(scan.dataset.reading);
    const [found, told] = await send("text", text).catch(() => [false, { detail: scan.dataset.away }]);
    found ? filled() : say(told.detail);
    delete scan.dataset.sent; // it was stopped on its way, and may be sent again
    scan.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
  };
  scan.addEventListener("card-text", ({ detail: { text, strange } }) => read(text, strange));
  scan.addEventListener("submit", (event) => scan.elements.text?.value && (event.preventDefault(), read(scan.elements.text.value)));
}

// ── Waiting: a countdown, a pause before the next code, and news from the server ──

const clock = (seconds) => {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, "0"));
  return hours === "00" ? `${minutes}:${rest}` : `${hours}:${minutes}:${rest}`;
};
for (const mark of document.querySelectorAll("[data-ends]")) {
  const tick = () => (mark.textContent = clock(Math.max(0, Number(mark.dataset.ends) - Math.floor(Date.now() / 1000))));
  tick();
  setInterval(tick, 1000);
}
for (const button of document.querySelectorAll("[data-wait]")) {
  const until = Date.now() + Number(button.dataset.wait) * 1000;
  const text = button.textContent;
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    button.disabled = left > 0;
    button.textContent = left > 0 ? `${text} (${left})` : text;
    if (left > 0) setTimeout(tick, 1000);
  };
  tick();
}
for (const form of document.querySelectorAll("[data-tries-again]")) {
  setTimeout(() => form.requestSubmit(), Number(form.dataset.triesAgain) * 1000);
}
for (const mark of document.querySelectorAll("[data-poll]")) {
  let asked = 0;
  const ask = async () => {
    try {
      const answer = await fetch(mark.dataset.poll, { headers: { Accept: "application/json" } });
      const told = answer.ok ? await answer.json() : null;
      if (told && `${told.step} ${told.payment}` !== mark.dataset.now) return location.assign(mark.dataset.onward);
    } catch {
      // the line is away: ask again
    }
    setTimeout(ask, ++asked < 20 ? 3000 : 10_000);
  };
  setTimeout(ask, 1500);
}

// A card's number has digits alone, a passport's begins with letters: the keyboard follows the kind of document.
for (const box of document.querySelectorAll("[data-digits-but]")) {
  const kind = box.form.elements.document;
  kind?.addEventListener("change", () => (box.inputMode = kind.value === box.dataset.digitsBut ? "text" : "numeric"));
}

// A citizen's number tells the sex, and a card's date who issued it: filled in where nothing stands there yet. Of whom
// VNeID told neither is asked.
if (form?.elements.number && form.elements.issued_on) {
  const { number, sex, issued_on: day, issued_by: office, document: kind } = form.elements;
  number.addEventListener("input", () => {
    const century = /^\d{3}(\d)\d{8}$/.exec(number.value.replace(/\s/g, ""))?.[1];
    if (century && kind.value === "citizen" && !sex.value) sex.value = century % 2 ? "female" : "male";
  });
  day.addEventListener("input", () => {
    const [, date, month, year] = /^(\d\d)(\d\d)(\d{4})$/.exec(day.value.replace(/\D/g, "")) ?? [];
    const known = [...document.querySelectorAll("#issuers [data-since]")].find((option) => year + month + date >= option.dataset.since);
    if (year && known && kind.value === "citizen" && !office.value) office.value = known.value;
  });
}
