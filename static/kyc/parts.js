// The parts of a page by their names, and what it says.

export const $ = (root, name) => root.querySelector(`[data-${name}]`);
export const show = (element, on) => element && (element.hidden = !on);
export const pause = (ms) => new Promise((done) => setTimeout(done, ms));
export const saidBy = (root) => (text) => $(root, "said").textContent !== text && ($(root, "said").textContent = text);
export const hint = (root, name) => root.querySelector(`[data-hint="${name}"]`)?.textContent ?? "";

// Each part names the moments it belongs to, so that nothing of one is left over in the next; where something went wrong,
// of all that can only what did.
export const moments = (root) => (moment, fault = "") => {
  root.dataset.moment = moment;
  const fits = (part) => moment !== "bad" || !part.dataset.fault || part.dataset.fault.split(" ").includes(fault);
  for (const part of root.querySelectorAll("[data-at]")) show(part, part.dataset.at.split(" ").includes(moment) && fits(part));
};
// What is wrong changes with every frame; words that did could neither be read nor listened to.
export function calmly(said, least = 1500) {
  let since = -least;
  let last = "";
  return (text) => text !== last && performance.now() - since >= least && (said((last = text)), (since = performance.now()));
}
