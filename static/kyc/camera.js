// The camera, and what to do where there is none.

import { $ } from "./parts.js";

const browser = () => {
  const told = navigator.userAgent;
  if (/Zalo|FBAN|FBAV|FB_IAB|Instagram|Line\/|TikTok|musical_ly|; wv\)/i.test(told)) return "in-app";
  if (/SamsungBrowser/.test(told)) return "samsung";
  if (/Firefox|FxiOS/.test(told)) return "firefox";
  if (/Android.*Chrome/.test(told)) return "chrome-android";
  if (/Safari/.test(told) && !/Chrome|CriOS|Edg/.test(told)) return "safari";
  return "other";
};

export function blocked(root, why) {
  const box = $(root, "blocked");
  for (const line of box.querySelectorAll("[data-why]")) line.hidden = line.dataset.why !== why;
  for (const line of box.querySelectorAll("[data-browser]")) line.hidden = why !== "denied" || line.dataset.browser !== browser();
}

export async function camera(root, facing, width, height) {
  if (!navigator.mediaDevices?.getUserMedia) return blocked(root, isSecureContext ? "missing" : "insecure");
  try {
    return await navigator.mediaDevices.getUserMedia({ video: { facingMode: facing, width: { ideal: width }, height: { ideal: height } } });
  } catch (wrong) {
    return blocked(root, { NotFoundError: "missing", OverconstrainedError: "missing", NotReadableError: "busy", AbortError: "busy" }[wrong.name] ?? "denied");
  }
}
export const end = (stream) => stream?.getTracks().forEach((track) => track.stop());

export async function watched(video, stream) {
  video.srcObject = stream;
  try {
    await video.play();
  } catch {
    return end(stream), false;
  }
  return true;
}
