// While the line is away: what was typed and photographed at the counter waits in this browser, sealed by a key that only the
// agent's living session is given. It is sent once the line is back; when the session ends it cannot be opened, and goes.

const root = document.querySelector("[data-keeping]");
const text = new TextEncoder();
const { keeping: secret, token } = root.dataset;
delete root.dataset.keeping;
const hex = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const owner = crypto.subtle.digest("SHA-256", text.encode(`owner ${secret}`)).then(hex);
const key = (async () => {
  const source = await crypto.subtle.importKey("raw", text.encode(secret), "HKDF", false, ["deriveKey"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(32), info: text.encode("kept at a counter") };
  return crypto.subtle.deriveKey(how, source, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
})();

// ── The store: names that tell nothing, and what is sealed under them ──

const answered = (request) => new Promise((done, failed) => ((request.onsuccess = () => done(request.result)), (request.onerror = () => failed(request.error))));

async function stored(act, mode = "readwrite") {
  const opening = indexedDB.open("counter", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("kept", { keyPath: "id" });
  const store = await answered(opening);
  try {
    return await answered(act(store.transaction("kept", mode).objectStore("kept")));
  } finally {
    store.close();
  }
}

const busy = new Set(); // what the page itself is sending just now
let away = !navigator.onLine;

export async function keep(id, entry, file = new Blob(), { sending = false } = {}) {
  if (sending) busy.add(id);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const plain = await new Blob([`${JSON.stringify(entry)}\n`, file]).arrayBuffer();
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: text.encode(id) }, await key, plain);
  const record = { id, owner: await owner, iv, sealed };
  await stored((kept) => kept.put(record));
  show();
}

export async function drop(id) {
  busy.delete(id);
  await stored((kept) => kept.delete(id));
  show();
}

// The page gives up sending it itself: it waits here.
export function leave(id) {
  busy.delete(id);
  lost();
}

async function opened({ id, iv, sealed }) {
  const plain = new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: text.encode(id) }, await key, sealed));
  const end = plain.indexOf(10);
  return { entry: JSON.parse(new TextDecoder().decode(plain.subarray(0, end))), file: new Blob([plain.subarray(end + 1)]) };
}

async function waiting() {
  const [mine, records] = [await owner, await stored((kept) => kept.getAll(), "readonly")];
  for (const record of records) if (record.owner !== mine) await stored((kept) => kept.delete(record.id)); // of a session that ended
  return records.filter((record) => record.owner === mine);
}

// ── Sent once: an upload by its own name, a declaration only onto the state that the page showed ──

const PIECE = 128 * 1024;

async function ask(address, init = {}) {
  const answer = await fetch(address, { redirect: "error", ...init, headers: { Accept: "application/json", "X-CSRFToken": token, ...init.headers } });
  if (answer.status === 401) throw (await stored((kept) => kept.clear()), location.reload(), new Error("the session is over"));
  if (answer.status === 429 || answer.status >= 500) throw new Error(String(answer.status));
  return { ...(await answer.json().catch(() => ({}))), ok: answer.ok };
}

async function sendPhotograph({ address, name, asked }, file) {
  const at = (start) => `${address}${name}/?${new URLSearchParams({ of: file.size, at: start, ...asked })}`;
  let reply = await ask(at(0));
  while (reply.ok && !reply.done) {
    const start = reply.received;
    if (start >= file.size) await new Promise((done) => setTimeout(done, 600));
    reply = await ask(at(start), { method: "POST", body: file.slice(start, start + PIECE), headers: { "Content-Type": "application/octet-stream" } });
  }
  return reply.ok && !reply.refused ? "" : reply.said || reply.detail || root.dataset.refused;
}

async function sendDeclaration({ address, fields }) {
  const reply = await ask(address, { method: "POST", body: new URLSearchParams([...fields, ["csrfmiddlewaretoken", token]]) });
  return reply.ok ? "" : root.dataset.stale;
}

async function send(record) {
  const { entry, file } = await opened(record);
  const fault = entry.fields ? await sendDeclaration(entry) : await sendPhotograph(entry, file);
  await stored((kept) => kept.delete(record.id));
  if (fault) faults.push(fault), refused.push({ address: entry.address, fault });
}

const faults = [];
let stays = false; // somebody wanted to leave the page
const refused = [];

async function flush() {
  const sent = [];
  await navigator.locks.request("counter", { ifAvailable: true }, async (lock) => {
    for (const record of lock ? await waiting() : []) {
      if (busy.has(record.id)) continue;
      try {
        await send(record);
        sent.push(record.id);
        away = false;
      } catch {
        return lost();
      }
    }
  });
  if (sent.length) show(), document.dispatchEvent(new CustomEvent("flushed", { detail: { sent, refused } }));
}

// ── What is safe and what is not yet ──

const count = (number, what) => (number ? [root.dataset[number === 1 ? what : `${what}s`].replace("#", number)] : []);

async function show() {
  const left = await waiting();
  const drafts = left.filter(({ id }) => id.endsWith(" declaration")).length;
  const parts = [...count(left.length - drafts, "photo"), ...count(drafts, "form")].join(", ");
  const now = away ? "away" : parts ? "waiting" : "clear";
  if (now === "waiting" && root.dataset.state === "clear") return; // on its way, within a moment
  root.dataset.state = now;
  stays &&= away;
  const said = [away && (stays ? root.dataset.stay : root.dataset.away), parts ? `${root.dataset.left} ${parts}.` : !away && root.dataset.clear, ...faults].filter(Boolean).join(" ");
  if (root.textContent !== said) root.textContent = said;
}

export function lost() {
  away = true;
  show();
}

async function back() {
  if (!navigator.onLine) return lost();
  away = !(await fetch(root.dataset.probe, { method: "HEAD", cache: "no-store", redirect: "manual" }).then(() => true, () => false));
  show();
  if (!away) await flush();
}

// A page that is left while the line is away does not come again: it stays.
for (const kind of ["click", "submit"]) {
  addEventListener(kind, (event) => {
    const goes = kind === "submit" ? !event.target.matches("[data-scan]") : event.target.closest("a[href]:not([href^='#'], [target])");
    if (!goes || (!away && navigator.onLine)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    stays = true;
    back();
  }, true);
}
addEventListener("offline", lost);
addEventListener("online", back);
setInterval(() => (away ? back() : root.dataset.state !== "clear" && flush().then(show)), 3000);
away ? show() : flush().then(show);
