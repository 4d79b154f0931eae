// Capture: what the camera sees is judged here, kindly and at once; the server looks again. A lost line loses nothing:
// the picture stays in this page and goes on from where it stopped.

import { blocked, camera, end, watched } from "./camera.js";
import { faultOf, greyOf, quality } from "./judging.js";
import { $, calmly, hint, moments, pause, saidBy, show } from "./parts.js";
import { ask, name, send } from "./sending.js";

// ── One side of a card ──

const MARGIN = 0.07; // around the outline, so that corners are on the picture

function outlined(video) {
  // The stage shows the middle of the picture, four to three.
  const shown = Math.min(video.videoWidth, (video.videoHeight * 4) / 3);
  const across = shown * 0.9;
  const high = (across * 54) / 85.6;
  const more = across * MARGIN;
  const x = Math.max(0, (video.videoWidth - across) / 2 - more);
  const y = Math.max(0, (video.videoHeight - high) / 2 - more);
  return { source: video, x, y, wide: Math.min(video.videoWidth - x, across + 2 * more), high: Math.min(video.videoHeight - y, high + 2 * more) };
}

function cardPage(root) {
  const [stage, shot, start, shoot, next, again, insist, sent, reload] = ["stage", "shot", "start", "shoot", "next", "again", "insist", "sent", "reload"].map((part) => $(root, part));
  const video = stage.querySelector("video");
  const enter = moments(root);
  const said = saidBy(root);
  const file = $(root, "gallery").querySelector("[type=file]");
  let stream = null;
  let last = null;
  enter("ready");

  const close = () => (end(stream), (stream = null));
  const stuck = (why) => (why && blocked(root, why), said(""), enter("blocked"), start.focus());

  async function open() {
    said(root.dataset.asking);
    enter("asking");
    const mine = await camera(root, "environment", 1920, 1080);
    if (!mine) return stuck();
    if (!(await watched(video, mine))) return stuck("busy");
    stream = mine;
    mine.getVideoTracks()[0].addEventListener("ended", () => stream === mine && (close(), said(""), enter("ready")));
    said("");
    enter("live");
    shoot.focus({ preventScroll: true });
    stage.scrollIntoView({ block: "center" });
    const hinted = calmly(said);
    for (let good = 0; stream === mine; ) {
      await pause(250);
      if (stream !== mine || !video.videoWidth || document.hidden) continue;
      // The picture that is sent is the very one that was judged, not the next: hands move.
      const at = good < 3 ? outlined(video) : hold(outlined(video));
      const fault = faultOf(root.dataset.card, quality(greyOf(at.source, at.x, at.y, at.wide, at.high, 480)));
      stage.dataset.state = fault ? "off" : "good";
      good = fault ? 0 : good + 1;
      if (good !== 1) hinted(hint(root, fault || "good"));
      if (good >= 4) return take();
    }
  }

  function hold({ source, x, y, wide, high }, most = 1600) {
    const scale = Math.min(1, most / Math.max(wide, high));
    shot.width = Math.round(wide * scale);
    shot.height = Math.round(high * scale);
    shot.getContext("2d").drawImage(source, x, y, wide, high, 0, 0, shot.width, shot.height);
    return { source: shot, x: 0, y: 0, wide: shot.width, high: shot.height };
  }
  const held = () => new Promise((done) => shot.toBlob(done, "image/jpeg", 0.9));

  async function take() {
    close();
    deliver(await held(), "camera");
  }

  async function deliver(blob, way, more = {}) {
    if (!blob) return said(root.dataset.broken), enter("bad"), again.focus();
    last = [blob, way];
    file.disabled = true; // one at a time: a second would take the place of the first
    said(root.dataset.sending);
    enter("sending");
    show(shot, shot.width > 1);
    const key = name();
    const store = await sealed(key, blob, { way, ...more });
    const told = await send(root, blob, { way, ...more }, (share) => (sent.value = share * 100), key, Boolean(store));
    file.disabled = false;
    if (told.away) return turn(store);
    if (store) await store.drop(safe());
    said(told.refused ? told.said : root.dataset.good);
    enter(told.stale ? "stale" : told.refused ? "bad" : "good", told.refused);
    if (told.done && !told.refused && "counter" in root.dataset) (last = null), (shot.width = shot.height = 1); // kept: no agent sees it again
    show(shot, shot.width > 1);
    show(insist, Boolean(told.may_insist));
    again.classList.toggle("second", !told.refused);
    if (way === "camera" && next.href) next.hash = "camera"; // it was allowed here, and opens by itself on the other side
    (told.stale ? reload : told.refused ? again : next).focus();
  }

  // At a counter the picture waits sealed in the browser, and the other side is taken meanwhile.
  const safe = () => `${root.dataset.reference} ${root.dataset.card}`;
  async function sealed(key, blob, asked) {
    if (!root.dataset.counter) return null;
    const store = await import(root.dataset.counter);
    await store.keep(safe(), { address: root.dataset.send, name: key, asked }, blob, { sending: true });
    return store;
  }
  function turn(store) {
    store.leave(safe());
    last = null;
    shot.width = shot.height = 1;
    said(root.dataset.kept);
    enter("away");
    addEventListener("online", () => root.dataset.moment === "away" && said(root.dataset.sending));
    document.addEventListener("flushed", ({ detail: { refused } }) => {
      if (root.dataset.moment !== "away") return;
      if (refused[0]) sessionStorage.setItem("refused", refused[0].fault);
      location.assign(refused[0]?.address ?? root.dataset.list);
    });
    other?.focus();
  }
  const refusal = root.dataset.counter && sessionStorage.getItem("refused"); // of a picture that was sent when the line came back
  if (refusal) sessionStorage.removeItem("refused"), enter("bad"), said(refusal);
  const other = $(root, "other");
  other?.addEventListener("click", () => {
    Object.assign(root.dataset, { card: other.dataset.other, send: other.dataset.otherSend });
    document.querySelector("h1").textContent = other.textContent;
    if (next.href) next.href = root.dataset.list;
    other.remove();
    open();
  });

  start.addEventListener("click", open);
  again.addEventListener("click", open);
  reload.addEventListener("click", () => location.reload());
  shoot.addEventListener("click", () => stream && (hold(outlined(video)), take()));
  insist.addEventListener("click", () => last && deliver(...last, { insist: "on" }));
  file.addEventListener("change", async () => {
    const chosen = file.files[0];
    if (!chosen) return;
    close();
    shot.width = shot.height = 1;
    if (chosen.type === "application/pdf") return (file.value = ""), enter("bad"), said(root.dataset.pdf), again.focus();
    try {
      const bitmap = await createImageBitmap(chosen);
      hold({ source: bitmap, x: 0, y: 0, wide: bitmap.width, high: bitmap.height }, 2000);
      deliver(await held(), "gallery");
    } catch {
      deliver(chosen, "gallery"); // the server says what is wrong with it
    }
    file.value = "";
  });
  addEventListener("pagehide", () => (close(), "counter" in root.dataset && ((last = null), (shot.width = shot.height = 1))));
  if (location.hash === "#camera") history.replaceState(null, "", location.pathname), open();
}

// ── The face, far and near ──

function facePage(root) {
  const [stage, shot, start, next, again, stop, calm, sent, oval, left, reload, count] = ["stage", "shot", "start", "next", "again", "stop", "calm", "sent", "oval", "cue-left", "reload", "count"].map((part) => $(root, part));
  const video = stage.querySelector("video");
  const enter = moments(root);
  const said = saidBy(root);
  const ovals = Object.fromEntries([...root.querySelectorAll("[data-oval-of]")].map((oval) => [oval.dataset.ovalOf, [Number(oval.dataset.wide), Number(oval.dataset.middle)]]));
  let stream = null;
  let run = 0; // a try that was stopped finds that it is not the newest any more
  enter("ready");

  const close = () => {
    run++;
    end(stream);
    stream = null;
    count.textContent = "";
  };
  const leave = (why) => (close(), said(why), enter("ready"), start.focus());
  const stuck = (why) => (why && blocked(root, why), said(""), enter("blocked"), start.focus());
  const failed = (why, fault) => (again.classList.remove("second"), said(why || root.dataset.stale), enter(why ? "bad" : "stale", fault), (why ? again : reload).focus());
  const place = (cue) => {
    const [wide, middle] = ovals[cue];
    oval.style.width = `${wide * 100}%`;
    oval.style.left = `${(middle - wide / 2) * 100}%`;
  };
  // The middle of the camera's picture, three to four, as the stage shows it.
  const frame = (across, mirrored) => {
    const wide = Math.min(video.videoWidth, video.videoHeight * 0.75);
    const high = wide / 0.75;
    const canvas = Object.assign(document.createElement("canvas"), { width: across, height: Math.round(across / 0.75) });
    const pen = canvas.getContext("2d");
    if (mirrored) pen.setTransform(-1, 0, 0, 1, canvas.width, 0);
    pen.drawImage(video, (video.videoWidth - wide) / 2, (video.videoHeight - high) / 2, wide, high, 0, 0, canvas.width, canvas.height);
    return new Promise((done) => canvas.toBlob(done, "image/jpeg", mirrored ? 0.6 : 0.88));
  };

  async function go() {
    const mine = ++run;
    const slow = calm.checked;
    said(root.dataset.asking);
    enter("asking");
    const found = await camera(root, "user", 1280, 960);
    if (mine !== run) return end(found);
    if (!found) return stuck();
    if (!(await watched(video, found))) return stuck("busy");
    stream = found;
    found.getVideoTracks()[0].addEventListener("ended", () => mine === run && leave(root.dataset.leftOff));
    said("");
    enter("live");
    stop.focus({ preventScroll: true });
    stage.scrollIntoView({ block: "center" });
    place("far");
    const { grey } = greyOf(video, 0, 0, video.videoWidth, video.videoHeight, 64);
    if (grey.reduce((sum, value) => sum + value, 0) / grey.length < 45) said(hint(root, "dark")), await pause(2500);
    const body = new URLSearchParams({ csrfmiddlewaretoken: $(root, "token").value, ...(slow ? { calm: "on" } : {}) });
    const told = await ask(root.dataset.begin, { method: "POST", body }).catch(() => ({ detail: root.dataset.poor }));
    if (mine !== run) return;
    if (told.status === 403) return location.assign(root.dataset.counter);
    if (!told.cues) return close(), failed(told.detail);
    said(root.dataset.ready);
    for (let left = slow ? 5 : 3; left && mine === run; left--) (count.textContent = left), await pause(800);
    count.textContent = "";
    const frames = await film(told.cues, mine, slow);
    if (mine !== run) return;
    close();
    if (frames.filter(({ still }) => !still).length < 16 || frames.filter(({ still }) => still).length < 2) return failed(root.dataset.slow);
    await deliver(told.challenge, frames);
  }

  async function film(cues, mine, slow) {
    const frames = [];
    const begun = performance.now();
    let until = 0;
    const stills = new Set();
    for (const { cue, ms } of cues) {
      place(cue);
      said(hint(root, cue));
      const from = until;
      until += ms;
      while (mine === run && performance.now() - begun < until) {
        const at = Math.round(performance.now() - begun);
        left.value = (100 * (at - from)) / ms;
        frames.push({ at, blob: await frame(270, true) });
        if (at > from + ms * 0.75 && (cue === "far" || cue === "near") && !stills.has(cue)) stills.add(cue), frames.push({ at, still: cue, blob: await frame(840, false) });
        await pause(Math.max(20, 150 * (slow ? 2 : 1) - (performance.now() - begun - at)));
      }
      const last = frames.at(-1)?.at;
      if (mine === run && last !== undefined && (cue === "far" || cue === "near") && !stills.has(cue)) stills.add(cue), frames.push({ at: last, still: cue, blob: await frame(840, false) });
    }
    return frames.filter(({ at, blob }) => blob && at <= until);
  }

  async function preview({ blob }) {
    const bitmap = await createImageBitmap(blob);
    Object.assign(shot, { width: bitmap.width, height: bitmap.height }).getContext("2d").drawImage(bitmap, 0, 0);
  }

  async function deliver(challenge, frames) {
    said(root.dataset.sending);
    enter("sending");
    await preview(frames.findLast(({ still }) => still));
    const head = JSON.stringify({ frames: frames.map(({ at, still, blob }) => ({ at, size: blob.size, ...(still ? { still } : {}) })) });
    const whole = new Blob([`${head}\n`, ...frames.map(({ blob }) => blob)]);
    const hash = await crypto.subtle.digest("SHA-256", await whole.arrayBuffer());
    const digest = [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const body = new URLSearchParams({ csrfmiddlewaretoken: $(root, "token").value, challenge, digest });
    let promised = null;
    for (let lost = 0; !promised; lost++) {
      promised = await ask(root.dataset.promise, { method: "POST", body }).catch(() => null);
      if (!promised) said(root.dataset.poor), await pause(Math.min(5000, 700 * 2 ** lost));
    }
    if (!promised.ok) return failed(promised.detail);
    const told = await send(root, whole, { way: "camera", challenge }, (share) => (sent.value = share * 100));
    if (told.refused && told.left === 0) return location.assign(root.dataset.counter);
    if (told.refused) {
      if ("left" in told) $(root, "left").textContent = told.left;
      return failed(told.stale ? "" : told.said, told.refused);
    }
    again.classList.add("second");
    if ("counter" in root.dataset) shot.width = shot.height = 1;
    said(root.dataset.good);
    enter("good");
    show(shot, shot.width > 1);
    next.focus();
  }

  start.addEventListener("click", go);
  again.addEventListener("click", go);
  reload.addEventListener("click", () => location.reload());
  stop.addEventListener("click", () => leave(""));
  document.addEventListener("visibilitychange", () => document.hidden && stream && leave(root.dataset.leftOff));
  addEventListener("pagehide", close);
}

// ── A short test before ──

function rehearse(root) {
  const now = $(root, "test-now");
  const tell = (name, good) => {
    const line = root.querySelector(`[data-test="${name}"]`);
    line.className = good ? "good" : "bad";
    line.querySelector("[data-said]").textContent = line.querySelector("[data-said]").dataset[good ? "good" : "bad"];
  };
  show(now, true);
  now.addEventListener("click", async () => {
    const stream = await camera(root, "environment", 1280, 720);
    tell("camera", Boolean(stream));
    show($(root, "blocked"), !stream);
    if (stream) {
      const video = Object.assign(document.createElement("video"), { muted: true, playsInline: true });
      await watched(video, stream);
      await pause(600);
      const { grey } = greyOf(video, 0, 0, video.videoWidth, video.videoHeight, 64);
      tell("light", grey.reduce((sum, value) => sum + value, 0) / grey.length >= 55);
      end(stream);
    }
    const begun = performance.now();
    const line = await fetch(root.dataset.line, { cache: "no-store" }).then(() => performance.now() - begun < 1500).catch(() => false);
    tell("line", line);
    $(root, "go").classList.toggle("second", !stream);
    now.classList.toggle("second", Boolean(stream));
    $(root, "go").focus();
  });
}

for (const root of document.querySelectorAll("[data-card]")) cardPage(root);
for (const root of document.querySelectorAll("[data-face]")) facePage(root);
for (const root of document.querySelectorAll("[data-rehearsal]")) rehearse(root);
