// Sending, in pieces: a lost line goes on from where it stopped.

import { $, pause, saidBy } from "./parts.js";

const PIECE = 128 * 1024;
const LONG = 10_000;
let sending = 0;
addEventListener("beforeunload", (event) => sending && event.preventDefault());

export async function ask(address, init = {}) {
  const answer = await fetch(address, { redirect: "error", ...init, headers: { Accept: "application/json", ...init.headers } });
  if (answer.status >= 500) throw new Error(String(answer.status));
  const told = await answer.json().catch(() => ({}));
  if (answer.status === 409) (sending = 0), location.reload(); // the application moved on in another tab
  return { ...told, ok: answer.ok, status: answer.status };
}

export const name = () =>
  crypto.randomUUID?.() ?? "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (c) => (c ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (c / 4)))).toString(16));

// Where it is safe elsewhere, a lost line is no reason to wait for it.
export async function send(root, blob, asked, moved, key = name(), isSafe = false) {
  const said = saidBy(root);
  const address = (at) => `${root.dataset.send}${key}/?${new URLSearchParams({ of: blob.size, at, ...asked })}`;
  const begun = performance.now();
  sending++;
  try {
    let at = 0;
    for (let lost = 0; ; ) {
      try {
        const told = await ask(address(at), { method: "POST", body: blob.slice(at, at + PIECE), headers: { "X-CSRFToken": $(root, "token").value, "Content-Type": "application/octet-stream" } });
        if (told.status === 403) return { refused: "stale", said: told.detail ?? root.dataset.stale, stale: true };
        if (!told.ok || typeof told.received !== "number") return { refused: "no", said: told.detail ?? root.dataset.stale, stale: !told.detail };
        at = told.received;
        lost = 0;
        moved(at / blob.size);
        said(at === blob.size ? root.dataset.checking : performance.now() - begun > LONG ? root.dataset.patience : root.dataset.sending);
        if (told.done) return told;
        if (at >= blob.size) await pause(600);
      } catch {
        if (isSafe) return { away: true };
        said(root.dataset.poor);
        await Promise.race([pause(Math.min(10_000, 1000 * 2 ** lost++)), new Promise((back) => addEventListener("online", back, { once: true }))]);
        const told = await ask(address(0)).catch(() => null);
        if (typeof told?.received === "number") at = told.received;
      }
    }
  } finally {
    sending--;
  }
}
