// @ts-check
// The page for an iframe: the address says everything, as the element's attributes would.
import { ATTRIBUTES } from './pool-scope.js';

const query = new URLSearchParams(location.search);
const widget = document.createElement('pool-scope');
for (const name of ATTRIBUTES) {
  const value = query.get(name);
  if (value !== null) widget.setAttribute(name, value);
}
widget.setAttribute('loading', 'eager');
const root = document.documentElement;
root.lang = query.get('lang') ?? 'en';
root.dataset.theme = query.get('theme') ?? '';
const main = /** @type {HTMLElement} */ (document.querySelector('main'));
main.replaceChildren(widget);

// The page around cannot see how high this one is. It holds no secret, so it is told to whoever asked for the frame.
if (parent !== window) {
  new ResizeObserver(() => {
    const height = Math.ceil(root.getBoundingClientRect().height);
    parent.postMessage({ type: 'poolscope', height }, '*');
  }).observe(root);
}
