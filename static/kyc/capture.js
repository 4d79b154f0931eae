// Capture: what the camera sees is judged here, kindly and at once; the server looks again. A lost line loses nothing:
// the picture stays in this page and goes on from where it stopped.

import { blocked, camera, end, watched } from "./camera.js";
import { faultOf, greyOf, quality } from "./judging.js";
import { $, hint, pause, saidBy, show } from "./parts.js";
import { ask, send } from "./sending.js";

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
  const item = root.dataset.card;
  const [stage, shot, start, shoot, next, again, insist, gallery, sent, reload] = ["stage", "shot", "start", "shoot", "next", "again", "insist", "gallery", "sent", "reload"].map((part) => $(root, part));
  const video = stage.querySelector("video");
  const words = $(root, "said");
  const said = saidBy(root);
  const file = gallery.querySelector("[type=file]");
  let stream = null;
  let last = null;
  show(start, true);
  show($(root, "plain"), false);
  show($(root, "plain-insist"), false);

  const close = () => (end(stream), (stream = null), stage.after(words), show(stage, false), show(shoot, false));
  const quiet = () => [start, next, again, insist, reload, shot, sent].forEach((part) => show(part, false));

  async function open() {
    quiet();
    said("");
    const mine = await camera(root, "environment", 1920, 1080);
    if (!mine) return show(start, true), start.focus();
    if (!(await watched(video, mine))) return blocked(root, "busy"), show(start, true), start.focus();
    stream = mine;
    mine.getVideoTracks()[0].addEventListener("ended", () => stream === mine && (close(), show(start, true)));
    stage.append(words); // over the picture, where the eyes are
    show(stage, true); show(shoot, true);
    shoot.focus({ preventScroll: true });
    stage.scrollIntoView({ block: "center" });
    for (let good = 0; stream === mine; ) {
      await pause(250);
      if (stream !== mine || !video.videoWidth || document.hidden) continue;
      // The picture that is sent is the very one that was judged, not the next: hands move.
      const at = good < 3 ? outlined(video) : hold(outlined(video));
      const fault = faultOf(item, quality(greyOf(at.source, at.x, at.y, at.wide, at.high, 480)));
      stage.dataset.state = fault ? "off" : "good";
      good = fault ? 0 : good + 1;
      if (good !== 1) said(hint(root, fault || "good"));
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
    quiet();
    if (!blob) return said(root.dataset.broken), show(again, true), again.focus();
    last = [blob, way];
    file.disabled = true; // one at a time: a second would take the place of the first
    show(shot, way === "camera" || shot.width > 1); show(sent, true);
    const told = await send(root, blob, { way, ...more }, (share) => (sent.value = share * 100));
    file.disabled = false;
    show(sent, false);
    said(told.refused ? told.said : root.dataset.good);
    shot.dataset.state = told.refused ? "off" : "good";
    show(insist, Boolean(told.may_insist));
    show(next, !told.refused);
    show(reload, Boolean(told.stale));
    show(again, !told.stale);
    (told.stale ? reload : told.refused ? again : next).focus();
  }

  start.addEventListener("click", open);
  again.addEventListener("click", open);
  reload.addEventListener("click", () => location.reload());
  shoot.addEventListener("click", () => stream && (hold(outlined(video)), take()));
  insist.addEventListener("click", () => deliver(...last, { insist: "on" }));
  file.addEventListener("change", async () => {
    const chosen = file.files[0];
    if (!chosen) return;
    close();
    shot.width = shot.height = 1;
    try {
      const bitmap = await createImageBitmap(chosen);
      hold({ source: bitmap, x: 0, y: 0, wide: bitmap.width, high: bitmap.height }, 2000);
      deliver(await held(), "gallery");
    } catch {
      deliver(chosen, "gallery"); // the server says what is wrong with it
    }
    file.value = "";
  });
  addEventListener("pagehide", close);
}

// ── The face, far and near ──

function facePage(root) {
  const [stage, start, next, again, stop, calm, sent, oval, left, reload, count] = ["stage", "start", "next", "again", "stop", "calm", "sent", "oval", "cue-left", "reload", "count"].map((part) => $(root, part));
  const video = stage.querySelector("video");
  const said = saidBy(root);
  const ovals = Object.fromEntries([...root.querySelectorAll("[data-oval-of]")].map((oval) => [oval.dataset.ovalOf, [Number(oval.dataset.wide), Number(oval.dataset.middle)]]));
  let stream = null;
  let run = 0; // a try that was stopped finds that it is not the newest any more
  show(start, true);

  const close = () => {
    run++;
    end(stream);
    stream = null;
    count.textContent = "";
    root.classList.remove("filming");
    calm.disabled = false;
    show(stage, false); show(stop, false);
  };
  const leave = (why) => (close(), said(why), show(start, true), show(again, false), start.focus());
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
    for (const part of [start, again, next, reload]) show(part, false);
    said("");
    const found = await camera(root, "user", 1280, 960);
    if (!found) return show(start, true), start.focus();
    if (mine !== run) return end(found);
    if (!(await watched(video, found))) return blocked(root, "busy"), show(start, true), start.focus();
    stream = found;
    found.getVideoTracks()[0].addEventListener("ended", () => mine === run && leave(root.dataset.leftOff));
    calm.disabled = true;
    root.classList.add("filming");
    show(stage, true); show(stop, true);
    stop.focus({ preventScroll: true });
    stage.scrollIntoView({ block: "center" });
    place("far");
    const { grey } = greyOf(video, 0, 0, video.videoWidth, video.videoHeight, 64);
    if (grey.reduce((sum, value) => sum + value, 0) / grey.length < 45) said(hint(root, "dark")), await pause(2500);
    const body = new URLSearchParams({ csrfmiddlewaretoken: $(root, "token").value, ...(slow ? { calm: "on" } : {}) });
    const told = await ask(root.dataset.begin, { method: "POST", body }).catch(() => ({ detail: root.dataset.poor }));
    if (mine !== run) return;
    if (told.status === 403) return location.assign(root.dataset.counter);
    if (!told.cues) return close(), said(told.detail ?? root.dataset.stale), show(told.detail ? again : reload, true);
    said(root.dataset.ready);
    for (let left = slow ? 5 : 3; left && mine === run; left--) (count.textContent = left), await pause(800);
    count.textContent = "";
    const frames = await film(told.cues, mine, slow);
    if (mine !== run) return;
    close();
    if (frames.filter(({ still }) => !still).length < 16 || frames.filter(({ still }) => still).length < 2) return said(root.dataset.slow), show(again, true), again.focus();
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

  async function deliver(challenge, frames) {
    said(root.dataset.sending);
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
    if (!promised.ok) return said(promised.detail ?? root.dataset.stale), show(promised.detail ? again : reload, true);
    show(sent, true);
    const told = await send(root, whole, { way: "camera", challenge }, (share) => (sent.value = share * 100));
    show(sent, false);
    said(told.refused ? told.said : root.dataset.good);
    if ("left" in told) $(root, "left").textContent = told.left;
    if (told.refused && told.left === 0) return location.assign(root.dataset.counter);
    show(again, !told.stale);
    show(reload, Boolean(told.stale));
    show(next, !told.refused);
    (told.stale ? reload : told.refused ? again : next).focus();
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

// ── Waiting ──

function wait(root) {
  const look = async () => {
    const answer = await fetch(root.dataset.waits, { redirect: "manual", headers: { Accept: "application/json" } }).catch(() => null);
    if (answer && (answer.status === 409 || answer.status === 404 || answer.type === "opaqueredirect")) return location.reload();
    const told = answer?.ok ? await answer.json().catch(() => null) : null;
    const writing = document.activeElement?.matches("textarea"); // nobody loses what he is typing
    if (told && !writing && (told.queue !== root.dataset.queue || told.asking !== root.dataset.asking)) return location.reload();
    const place = root.querySelector("[data-place]");
    if (told && place && place.textContent !== told.said) place.textContent = told.said;
    setTimeout(look, 15_000);
  };
  setTimeout(look, 15_000);
}

for (const root of document.querySelectorAll("[data-card]")) cardPage(root);
for (const root of document.querySelectorAll("[data-face]")) facePage(root);
for (const root of document.querySelectorAll("[data-rehearsal]")) rehearse(root);
for (const root of document.querySelectorAll("[data-waits]")) wait(root);
