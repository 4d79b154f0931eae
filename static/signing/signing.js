// Signing: PINs and passkeys, which leave this page only enclosed for the signer.

const $ = (root, name) => root.querySelector(`[data-${name}]`);
const show = (element, on = true) => element && (element.hidden = !on);
const word = (root, name) => root.querySelector(`[data-word="${name}"]`)?.textContent ?? "";
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));
const encode = (words) => new TextEncoder().encode(words);

// ── Enclosing for the signer (signing/envelope.py opens it) ──

async function enclose(fields, theirs) {
  const curve = { name: "ECDH", namedCurve: "P-256" };
  const other = await crypto.subtle.importKey("spki", bytes(theirs), curve, false, []);
  const mine = await crypto.subtle.generateKey(curve, false, ["deriveBits"]);
  const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: other }, mine.privateKey, 256);
  const source = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(32), info: encode("smartca envelope 2") };
  const key = await crypto.subtle.deriveKey(how, source, { name: "AES-GCM", length: 256 }, false, ["encrypt"]);
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", mine.publicKey));
  const name = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes(theirs))).slice(0, 8); // for their key turns
  const head = new Uint8Array([...name, ...point]);
  const nonce = new Uint8Array(12); // this key encloses once
  const box = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: head }, key, encode(JSON.stringify(fields)));
  return text(new Uint8Array([...head, ...nonce, ...new Uint8Array(box)]).buffer);
}

// One digest over all that was shown, in its order (batch_digest in signing/envelope.py).
async function batchDigest(shown) {
  const digests = await Promise.all(shown.map((content) => crypto.subtle.digest("SHA-256", content)));
  const whole = await new Blob([encode("smartca batch 1"), ...digests]).arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// A line that hangs is a line that broke.
const patience = () => ({ signal: AbortSignal.timeout?.(20_000) });

async function ask(address, form) {
  const init = form ? { method: "POST", body: form } : {};
  const response = await fetch(address, { redirect: "error", ...init, ...patience(), headers: { Accept: "application/json" } });
  const answer = await (response.ok ? response.json() : response.json().catch(() => ({})));
  if (!response.ok) throw Object.assign(new Error("refused"), { said: answer.detail });
  return answer;
}

// One act from asking to its end. `secret` is looked up only when the act is known; nothing of it is kept here.
async function perform(form, pressed, secret) {
  const fields = (more = {}) => {
    const sent = new FormData();
    sent.set("csrfmiddlewaretoken", form.querySelector("[name=csrfmiddlewaretoken]").value);
    for (const [name, value] of Object.entries(more)) sent.set(name, value);
    return sent;
  };
  const refuse = (said, left) => {
    const notice = $(form, "refused");
    $(form, "refusal").textContent = left > 0 ? `${said} ${word(form, "left").replace("{n}", left)}` : said;
    show(notice);
    show($(form, "busy"), false);
    form.dataset.busy = "";
    for (const button of form.querySelectorAll("button")) for (const name of ["aria-disabled", "aria-busy"]) button.removeAttribute(name);
    notice.focus();
  };
  if (form.dataset.busy) return;
  if (!isSecureContext) return refuse(word(form, "insecure"));
  form.dataset.busy = "yes";
  for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
  pressed?.setAttribute("aria-busy", "true");
  const busy = $(form, "busy");
  busy.textContent = word(form, "busy");
  show($(form, "refused"), false);
  show(busy);
  let slow;
  const wait = () => {
    clearTimeout(slow);
    slow = setTimeout(() => (busy.textContent = word(form, "slowly")), 10_000);
  };
  try {
    wait();
    const papers = [];
    if (form.dataset.paper) {
      const answer = await fetch(form.dataset.paper, { redirect: "manual", ...patience() });
      if (answer.type === "opaqueredirect") return location.reload(); // signed in another tab, or signed out
      if (!answer.ok) throw new Error("lost");
      papers.push(await answer.arrayBuffer());
    }
    const batch = await batchDigest(papers);
    clearTimeout(slow);
    const given = await secret();
    wait();
    if (!given) return refuse(word(form, "cancelled"));
    if (given.said) return refuse(word(form, given.said));
    const act = await ask(form.dataset.ask, fields());
    if (!act.key) return refuse(word(form, "starting"));
    if (act.batch !== batch) return refuse(word(form, "other"));
    const envelope = await enclose({ act: act.act, until: act.until, batch, ...given }, act.key);
    const place = `${form.dataset.ask}${act.act}/`;
    // From here on it may be signed whether or not its answer comes: only the act's own state tells. Where the line broke
    // before the envelope arrived, the act is still asked for, and is given again.
    let settled = { state: "asked" };
    const until = Date.now() + 300_000; // an act is settled within four minutes
    for (let turn = 0; ["asked", "given", "taken"].includes(settled.state) && Date.now() < until; turn++) {
      if (turn) await pause(turn < 10 ? 120 : turn < 40 ? 400 : 1000);
      settled = await (settled.state === "asked" ? ask(place, fields({ envelope })) : ask(place)).catch((wrong) => {
        if (wrong.said && !turn) throw wrong; // given again it may be refused because it arrived the first time
        return { ...settled, state: "given" };
      });
    }
    if (settled.state === "done") return location.assign(form.dataset.onward);
    if (["locked", "not-in-force"].includes(settled.answer)) return location.reload(); // nothing is to be typed here any more
    if (/^(pin-|wrong-secret|locked)/.test(settled.answer)) for (const input of form.querySelectorAll("input[type=password]")) input.value = "";
    refuse(settled.state === "refused" ? settled.said : word(form, "slow"), settled.left);
  } catch (wrong) {
    refuse(wrong.said ?? word(form, "lost"));
  } finally {
    clearTimeout(slow);
  }
}

// ── Passkeys that give a secret (WebAuthn PRF) ──

const random = (length) => crypto.getRandomValues(new Uint8Array(length));
const passkeys = async () =>
  Boolean(isSecureContext && window.PublicKeyCredential && (await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable?.().catch(() => false)));

async function evaluated(id, salt) {
  const credential = await navigator.credentials.get({
    publicKey: { challenge: random(32), allowCredentials: [{ type: "public-key", id: bytes(id) }], userVerification: "required", extensions: { prf: { eval: { first: bytes(salt) } } } },
  });
  return credential?.getClientExtensionResults().prf?.results?.first;
}

async function newPasskey(name) {
  const salt = text(random(32).buffer);
  const credential = await navigator.credentials.create({
    publicKey: {
      rp: { name: "VNPT SmartCA" },
      user: { id: random(16), name, displayName: name },
      challenge: random(32),
      pubKeyCredParams: [{ type: "public-key", alg: -7 }, { type: "public-key", alg: -257 }],
      authenticatorSelection: { userVerification: "required", residentKey: "preferred" },
      extensions: { prf: { eval: { first: bytes(salt) } } },
    },
  });
  const prf = credential.getClientExtensionResults().prf;
  if (!prf?.enabled) return null;
  const id = text(credential.rawId);
  const secret = prf.results?.first ?? (await evaluated(id, salt));
  return secret ? { passkey: { id, salt }, prf: text(secret) } : null;
}

// Who turned the finger away may try again; where something else failed, the device gives no secret.
const stopped = (wrong) => (["NotAllowedError", "AbortError"].includes(wrong.name) ? undefined : null);

// ── Making a PIN ──

// Every rule that it breaks, the gravest first.
function faults(pin, declared) {
  const isRow = ([first, second, third]) => (second - first + 10) % 10 === (third - second + 10) % 10;
  const digits = [...pin];
  const every = (other) => digits.filter((_, at) => at % 2 === other);
  const halves = [[digits.slice(0, 3), digits.slice(3)], [every(0), every(1)]];
  const [year, month, day] = declared.born.split("-");
  const days = [[day, month], [String(Number(day)), String(Number(month))]];
  const written = days.flatMap(([d, m]) => [year, year.slice(2)].flatMap((y) => [d + m + y, m + d + y, y + m + d]));
  const broken = {
    "pin-shape": !/^\d{6}$/.test(pin),
    "pin-pattern": new Set(digits).size < 4 || halves.some((parts) => parts.every(isRow)),
    "pin-birth": written.some((date) => date.includes(pin)),
    "pin-number": declared.phone.includes(pin) || declared.number.includes(pin),
  };
  return Object.keys(broken).filter((name) => broken[name]);
}

const saying = (input, words) => {
  input.closest(".field").querySelector("[role=status]").textContent = words;
  input.setAttribute("aria-invalid", String(Boolean(words)));
};

const making = document.querySelector("[data-pin]");
if (making) {
  const [first, second] = making.querySelectorAll("input[type=password]");
  const text_of = (name) => (name ? making.querySelector(`[data-fault="${name}"]`).textContent : "");
  const say = (name) => {
    saying(first, text_of(name === "different" ? "" : name));
    saying(second, text_of(name === "different" ? name : ""));
  };
  const list = making.querySelector(".checklist");
  const look = () => {
    const wrong = faults(first.value, making.dataset);
    const whole = first.value.length === 6;
    if (first.value !== second.value) wrong.push("different");
    for (const rule of list.children) {
      const met = whole && !wrong.includes(rule.dataset.rule);
      rule.classList.toggle("met", met);
      $(rule, "said").textContent = met ? list.dataset.met : list.dataset.missing;
    }
    return wrong;
  };
  const able = passkeys().then((can) => (show($(making, "biometric"), can), show($(making, "no-biometric"), !can)));
  first.addEventListener("input", () => say(first.value.length === 6 ? look().find((name) => name !== "different") : (look(), "")));
  second.addEventListener("input", look);
  making.addEventListener("submit", async (event) => {
    event.preventDefault();
    const pin = first.value;
    const [wrong] = look();
    say(wrong);
    if (wrong) return (wrong === "different" ? second : first).focus();
    await able;
    await perform(making, event.submitter, async () => {
      if (!$(making, "with-passkey")?.checked) return { way: "pin", secret: pin };
      const passkey = await newPasskey(making.dataset.name).catch(stopped);
      if (passkey === undefined) return undefined;
      if (passkey) return { way: "pin", secret: pin, ...passkey };
      // This device gives no secret: said, and the PIN alone goes on with the next press.
      $(making, "with-passkey").checked = false;
      show($(making, "biometric"), false);
      show($(making, "no-biometric"));
      return { said: "no-prf" };
    });
  });
}

// ── Confirming ──

const confirming = document.querySelector("[data-confirm]");
if (confirming) {
  const pin = confirming.querySelector("input[type=password]");
  const { passkey, salt } = confirming.dataset;
  passkeys().then((can) => show($(confirming, "use-passkey"), can && Boolean(passkey)));
  confirming.addEventListener("submit", (event) => {
    event.preventDefault();
    const short = !/^\d{6}$/.test(pin.value);
    saying(pin, short ? $(confirming, "fault").textContent : "");
    if (short) return pin.focus();
    const secret = pin.value;
    perform(confirming, event.submitter, async () => ({ way: "pin", secret }));
  });
  $(confirming, "use-passkey").addEventListener("click", (event) =>
    perform(confirming, event.currentTarget, async () => {
      const secret = await evaluated(passkey, salt).catch(() => null);
      return secret && { way: "passkey", secret: text(secret) };
    }),
  );
}

// ── Waiting for the certificate ──

const waiting = document.querySelector("[data-status]");
if (waiting) {
  const since = Date.now();
  const look = async () => {
    const status = await ask(waiting.dataset.status).catch(() => null);
    if (status && status.step !== waiting.dataset.step) return location.reload();
    show($(waiting, "slowly"), Date.now() - since > 10_000);
    setTimeout(look, 2000);
  };
  setTimeout(look, 2000);
}

// Where a secret is typed nothing may be sent before this script can enclose it.
for (const form of document.querySelectorAll("[data-pin], [data-confirm]")) {
  for (const button of form.querySelectorAll("[data-ready]")) button.disabled = false;
  show($(form, "loading"), false);
}
