// A QR reader is a keyboard that types faster than any person: caught wherever one stands, and kept out of every field.

const scan = document.querySelector("[data-reader]");
const form = document.querySelector("form[data-draft]");
const GAP = 30; // ms between two keys of a reader
const SURE = 5; // keys so close after one another that no hand pressed them
const sink = Object.assign(document.createElement("textarea"), { className: "unseen", tabIndex: -1, ariaHidden: "true" });
scan.append(sink);

let burst = [];
let last = 0;
let before = null; // the field in which the first keys landed, and what stood in it
let ending = 0;

const isText = (element) => element?.matches?.("input, textarea, select") && element !== sink;
const standing = (field) => [field, field.value, field.selectionStart];
const putBack = ([field, value]) => field.value !== value && (field.value = value);
const catching = () => document.activeElement === sink;
const strange = (event) => event.isComposing || event.key === "Process" || event.key === "Unidentified" || event.key === "Backspace";

addEventListener("keydown", (event) => {
  if (catching()) return caught(event);
  const quick = event.timeStamp - last < GAP;
  last = event.timeStamp;
  if (event.key.length !== 1 || event.repeat || event.ctrlKey || event.metaKey) return (burst = []);
  if (!quick) (burst = []), (before = isText(event.target) ? standing(event.target) : null);
  burst.push(event.key);
  if (burst.length < SURE) return;
  // From here on a reader types into a place of its own, where an input method may do with it what it does.
  event.preventDefault();
  event.stopPropagation();
  if (before) putBack(before);
  sink.value = burst.join("");
  sink.dataset.strange = "";
  sink.focus({ preventScroll: true });
  ending = setTimeout(end, 300);
}, true);

function caught(event) {
  event.stopPropagation();
  clearTimeout(ending);
  if (strange(event)) sink.dataset.strange = "yes";
  if (event.key !== "Enter" && event.key !== "Tab") return (ending = setTimeout(end, 300));
  event.preventDefault();
  setTimeout(() => end(event.key)); // a letter still being composed lands first
}

// What was no card, and short, was typed by somebody after all: it goes where it was meant to go.
function end(key) {
  clearTimeout(ending);
  const text = sink.value.trim();
  burst = [];
  sink.value = "";
  const [field, value, at] = before ?? [];
  field ? field.focus({ preventScroll: true }) : sink.blur();
  if (text.length >= 20 || text.includes("|")) return scan.dispatchEvent(new CustomEvent("card-text", { detail: { text, strange: sink.dataset.strange } }));
  if (!field?.matches("input, textarea")) return;
  const place = at ?? value.length;
  field.value = value.slice(0, place) + text + value.slice(place);
  field.dispatchEvent(new Event("input", { bubbles: true }));
  if (key === "Enter") onward(field);
}

// ── Enter goes on: to the next field where nothing stands, and from the last to the next page ──

const empty = (field) => (field.type === "radio" ? ![...form.querySelectorAll(`[name="${field.name}"]`)].some((each) => each.checked) : !field.value);
const wanting = () => [...form.querySelectorAll("input, select")].filter((field) => (field.required || field.role === "combobox") && field.checkVisibility() && empty(field));

function onward(field) {
  const next = wanting().find((each) => field.compareDocumentPosition(each) & Node.DOCUMENT_POSITION_FOLLOWING) ?? wanting()[0];
  next && next !== field ? next.focus() : form.requestSubmit(form.querySelector(".actions .button"));
}

form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.defaultPrevented || event.isComposing || !isText(event.target)) return;
  event.preventDefault();
  onward(event.target);
});

// After a reading the hand goes to the first field that is left.
if (new URLSearchParams(location.search).has("read")) {
  history.replaceState(null, "", location.pathname);
  wanting()[0]?.focus();
}

// ── What is typed waits sealed in the browser until the portal has it ──

if (form.dataset.keepingBy) { // not in a rehearsal
  const id = `${form.dataset.reference} declaration`;
  const { keep, drop, lost } = await import(form.dataset.keepingBy);
  let sealing = Promise.resolve();
  const next = (act) => (sealing = sealing.then(act, act));
  const typed = () => [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken");
  form.addEventListener("input", () => next(() => keep(id, { address: form.dataset.draft, fields: typed() }, undefined, { sending: true })));
  form.addEventListener("kept", () => next(() => drop(id)));
  form.addEventListener("unkept", () => lost());
  document.addEventListener("flushed", ({ detail }) => detail.sent.includes(id) && location.reload());
}
