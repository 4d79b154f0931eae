// The parts of a page by their names, and what it says.

export const $ = (root, name) => root.querySelector(`[data-${name}]`);
export const show = (element, on) => element && (element.hidden = !on);
export const pause = (ms) => new Promise((done) => setTimeout(done, ms));
export const saidBy = (root) => (text) => $(root, "said").textContent !== text && ($(root, "said").textContent = text);
export const hint = (root, name) => root.querySelector(`[data-hint="${name}"]`)?.textContent ?? "";
