// The contract: how far it was read, the drawn signature, the minutes left.

const $ = (root, name) => root.querySelector(`[data-${name}]`);

// ── How far one has read ──

const reading = document.querySelector("[data-reading]");
if (reading) {
  const article = document.querySelector("[data-document]");
  let furthest = 0;
  const look = () => {
    const box = article.getBoundingClientRect();
    furthest = Math.max(furthest, Math.min(100, Math.round((100 * (innerHeight - box.top)) / box.height)));
    $(reading, "read").value = furthest;
    $(reading, "percent").textContent = String(Math.max(0, furthest));
  };
  addEventListener("scroll", look, { passive: true });
  look();
}

// ── The drawn signature: strokes with their times, between 0 and 1 of the box ──

const pad = document.querySelector("[data-pad]");
if (pad) {
  const canvas = pad.querySelector("canvas");
  const pen = canvas.getContext("2d");
  const strokes = [];
  let started = 0;
  let drawing = null;
  $(pad, "canvas").hidden = false;

  const paint = () => {
    const ratio = devicePixelRatio || 1;
    canvas.width = canvas.clientWidth * ratio;
    canvas.height = canvas.clientHeight * ratio;
    pen.lineWidth = 2.5 * ratio;
    pen.lineCap = pen.lineJoin = "round";
    pen.strokeStyle = getComputedStyle(canvas).color;
    for (const stroke of strokes) {
      pen.beginPath();
      for (const [x, y] of stroke) pen.lineTo(x * canvas.width, y * canvas.height);
      if (stroke.length === 1) pen.lineTo(stroke[0][0] * canvas.width + 1, stroke[0][1] * canvas.height);
      pen.stroke();
    }
  };
  const inside = (value) => Math.round(Math.min(1, Math.max(0, value)) * 10_000) / 10_000;
  const add = (event) => {
    const box = canvas.getBoundingClientRect();
    for (const move of event.getCoalescedEvents?.().length ? event.getCoalescedEvents() : [event]) {
      drawing.push([inside((move.clientX - box.left) / box.width), inside((move.clientY - box.top) / box.height), Math.round(performance.now() - started)]);
    }
    paint();
  };
  canvas.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    started ||= performance.now();
    strokes.push((drawing = []));
    add(event);
  });
  canvas.addEventListener("pointermove", (event) => drawing && add(event));
  for (const over of ["pointerup", "pointercancel"]) canvas.addEventListener(over, () => (drawing = null));
  addEventListener("resize", paint);
  paint();
  $(pad, "again").addEventListener("click", () => {
    strokes.length = started = 0;
    $(pad, "said").textContent = "";
    paint();
  });
  // The box as it is drawn on paper is 220 by 84: the same shape here keeps the hand's proportions.
  $(pad, "done").addEventListener("click", (event) => {
    let length = 0;
    for (const stroke of strokes) for (let at = 1; at < stroke.length; at++) length += Math.hypot(stroke[at][0] - stroke[at - 1][0], stroke[at][1] - stroke[at - 1][1]);
    if (length < 0.4) {
      event.preventDefault();
      $(pad, "said").textContent = $(pad, "short").textContent;
      return;
    }
    pad.elements.strokes.value = JSON.stringify(strokes);
  });
}

const left = document.querySelector("[data-minutes-left]");
if (left) setInterval(() => (left.textContent = String(Math.max(0, left.textContent - 1))), 60_000);
