// How good a frame is; the server measures alike (kyc/reading/picture.py).

export function greyOf(source, x, y, wide, high, across) {
  const canvas = Object.assign(document.createElement("canvas"), { width: across, height: Math.round((across * high) / wide) });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(source, x, y, wide, high, 0, 0, canvas.width, canvas.height);
  const colours = pen.getImageData(0, 0, canvas.width, canvas.height).data;
  const grey = new Uint8ClampedArray(canvas.width * canvas.height);
  for (let place = 0; place < grey.length; place++) grey[place] = (colours[place * 4] * 299 + colours[place * 4 + 1] * 587 + colours[place * 4 + 2] * 114) / 1000;
  return { grey, wide: canvas.width, high: canvas.height };
}

function smoothed({ grey, wide, high }, reach) {
  const across = new Float32Array(grey.length);
  const down = new Float32Array(grey.length);
  for (let y = 0; y < high; y++) for (let x = 0; x < wide; x++) {
    let sum = 0;
    for (let step = -reach; step <= reach; step++) sum += grey[y * wide + Math.min(wide - 1, Math.max(0, x + step))];
    across[y * wide + x] = sum / (2 * reach + 1);
  }
  for (let y = 0; y < high; y++) for (let x = 0; x < wide; x++) {
    let sum = 0;
    for (let step = -reach; step <= reach; step++) sum += across[Math.min(high - 1, Math.max(0, y + step)) * wide + x];
    down[y * wide + x] = sum / (2 * reach + 1);
  }
  return down;
}

function steepest(grey, wide) {
  const steps = new Uint32Array(257);
  for (let place = 1; place < grey.length; place++) if (place % wide) steps[Math.min(256, Math.round(Math.abs(grey[place] - grey[place - 1])))]++;
  let left = grey.length / 100;
  for (let level = 256; level > 0; level--) if ((left -= steps[level]) < 0) return level;
  return 1;
}

export function quality(frame) {
  const { grey, wide, high } = frame;
  const levels = new Uint32Array(256);
  for (const value of grey) levels[value]++;
  let light = 0;
  for (let seen = 0; light < 255 && (seen += levels[light]) < grey.length / 2; light++);
  let burnt = 0;
  let blocks = 0;
  for (let y = 0; y + 6 <= high; y += 6) for (let x = 0; x + 6 <= wide; x += 6) {
    let sum = 0;
    for (let dy = 0; dy < 6; dy++) for (let dx = 0; dx < 6; dx++) sum += grey[(y + dy) * wide + x + dx];
    blocks++;
    if (sum >= 250 * 36) burnt++;
  }
  const soft = smoothed(frame, 5);
  return { light, glare: burnt / blocks, sharp: steepest(smoothed(frame, 1), wide) / steepest(soft, wide), lines: lines(grey, soft, wide, high), fits: fits(soft, wide, high) };
}

// Three printed lines at the bottom change from dark to light far more often than anything else on a card.
function lines(grey, soft, wide, high) {
  let busy = 0;
  for (let y = Math.round(high * 0.6); y < high * 0.97; y++) {
    let changes = 0;
    let dark = false;
    for (let x = Math.round(wide * 0.06); x < wide * 0.94; x++) {
      const value = grey[y * wide + x] - soft[y * wide + x];
      if (!dark && value < -14) (dark = true), changes++;
      else if (dark && value > 2) dark = false;
    }
    if (changes >= 24) busy++;
  }
  return busy / (high * 0.37) > 0.22;
}

// The card's edges lie near the outline: at three sides at least the light changes there, all along.
function fits(soft, wide, high) {
  const column = (x) => { let sum = 0; for (let y = Math.round(high * 0.2); y < high * 0.8; y++) sum += soft[y * wide + x]; return sum / (high * 0.6); };
  const row = (y) => { let sum = 0; for (let x = Math.round(wide * 0.2); x < wide * 0.8; x++) sum += soft[y * wide + x]; return sum / (wide * 0.6); };
  const changes = (line, from, to) => {
    let most = 0;
    for (let place = Math.round(from); place < to - 8; place++) most = Math.max(most, Math.abs(line(place) - line(place + 8)));
    return most > 12;
  };
  return [changes(column, 0, wide * 0.16), changes(column, wide * 0.84, wide), changes(row, 0, high * 0.2), changes(row, high * 0.8, high)].filter(Boolean).length >= 3;
}

export function faultOf(item, { light, glare, sharp, lines, fits }) {
  if (light < 60) return "dark";
  if (!fits) return "far";
  if (glare > 0.018) return "glare";
  if (sharp < 2.4) return "blurred";
  if (item === "card-front" && lines) return "back-shown";
  if (item === "card-back" && !lines) return "front-shown";
  return "";
}
