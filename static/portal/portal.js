// What pages do beyond HTML. Each behaviour finds its own elements; without JavaScript every form still works.

// Where a network had many wrong passwords, the browser does a little work while the person types (portal/accounts/work.py).
const work = document.querySelector("[data-work]");
if (work && crypto.subtle) {
  const text = new TextEncoder();
  const bits = Number(work.dataset.bits);
  const answer = (async () => {
    const key = await crypto.subtle.importKey("raw", text.encode(work.dataset.work), "PBKDF2", false, ["deriveBits"]);
    for (let number = 0; ; number++) {
      const how = { name: "PBKDF2", hash: "SHA-256", salt: text.encode(String(number)), iterations: Number(work.dataset.rounds) };
      const start = new DataView(await crypto.subtle.deriveBits(how, key, 32)).getUint32(0);
      if (start >>> (32 - bits) === 0) return String(number);
    }
  })();
  const form = work.closest("form");
  const field = form.elements.answer;
  answer.then((number) => (field.value = number));
  form.addEventListener("submit", (event) => {
    if (field.value) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    work.querySelector("[data-working]").hidden = false;
    answer.then(() => setTimeout(() => form.requestSubmit(event.submitter))); // not while this very event is under way
  });
}

// One press, one request: a second press on a slow line must not send the form again.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    (event.submitter ?? form.querySelector("[type=submit]"))?.setAttribute("aria-busy", "true");
  });
}
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
  }
});

// A page worth keeping can be printed.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// Nobody is signed in: what an agent's session kept sealed in this browser (counter/keeping.js) cannot be opened any more.
if (!document.querySelector("[data-session-ends]") && !location.pathname.startsWith("/screen/")) indexedDB?.deleteDatabase("counter");

// What is wrong is read out first.
document.querySelector("[data-errors]")?.focus();

// Show the password as typed, for a moment of doubt.
for (const button of document.querySelectorAll("[data-reveal]")) {
  const input = button.parentElement.querySelector("input");
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    button.textContent = shown ? button.dataset.show : button.dataset.hide;
    button.setAttribute("aria-pressed", String(!shown));
  });
  button.form?.addEventListener("submit", () => (input.type = "password"));
}

// The password's live checklist: the same patterns that the server checks.
for (const list of document.querySelectorAll("[data-checks]")) {
  const input = document.getElementById(list.dataset.checks);
  const look = () => {
    for (const item of list.querySelectorAll("[data-pattern]")) {
      const met = input.value !== "" && new RegExp(item.dataset.pattern, item.dataset.flags).test(input.value);
      item.classList.toggle("met", met);
      item.querySelector("[data-said]").textContent = met ? list.dataset.met : list.dataset.missing;
    }
  };
  input?.addEventListener("input", look);
}

// A failed passkey says so on the page, not in the console.
document.addEventListener("allauth.error", (event) => {
  const notice = document.querySelector("[data-passkey-failed]");
  if (!notice) return;
  event.preventDefault();
  notice.hidden = false;
  notice.focus();
});

// A value to be put elsewhere: one press copies it and says so; without JavaScript it is text that can be selected.
for (const button of document.querySelectorAll("[data-copy]")) {
  const said = button.parentElement.querySelector("[role=status]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    said.textContent = "";
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      said.textContent = said.dataset.said;
    } catch {
      getSelection().selectAllChildren(button.previousElementSibling);
      said.textContent = button.dataset.failed;
    }
  });
}

// The one file button: which file was chosen.
for (const input of document.querySelectorAll(".file [type=file]")) {
  const chosen = input.parentElement.querySelector("[data-chosen]");
  input.addEventListener("change", () => input.files[0] && (chosen.textContent = input.files[0].name));
}
