// @ts-check
// The other language shows the same place of the same page, with the widgets as the reader left them.

const KEY = 'poolscope-left';

/** Of each widget, by its number on the page. @type {{ knobs?: string, at?: string }[]} */
const left = [];

// Those that a table of values has opened are not there on the other page.
const widgets = () => [...document.querySelectorAll('pool-scope:not(.vary > *)')];

/** @param {string} type @param {(detail: any) => { knobs?: string, at?: string }} state */
function remember(type, state) {
  document.addEventListener(
    type,
    (event) => {
      const n = event instanceof CustomEvent && event.target instanceof Element ? widgets().indexOf(event.target) : -1;
      if (n >= 0) left[n] = { ...left[n], ...state(/** @type {CustomEvent} */ (event).detail) };
    },
    true, // the events of a widget do not bubble
  );
}
remember('change', ({ knobs }) => ({ knobs: JSON.stringify(knobs) }));
remember('seek', ({ at }) => ({ at }));

/** The last heading that is above the middle of the window. */
function place() {
  const headings = [...document.querySelectorAll('main :is(h2, h3)[id]')];
  return headings.filter((heading) => heading.getBoundingClientRect().top < innerHeight / 2).pop()?.id;
}

for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll('a.language'))) {
  link.addEventListener('click', () => {
    const heading = place();
    link.hash = heading ? `#${heading}` : '';
    link.search = location.pathname.endsWith('/playground.html') ? location.search : '';
    sessionStorage.setItem(KEY, JSON.stringify({ page: new URL(link.href).pathname, left }));
  });
}

const stored = sessionStorage.getItem(KEY);
if (stored) {
  const { page, left: there } = JSON.parse(stored);
  sessionStorage.removeItem(KEY);
  if (page === location.pathname) {
    widgets().forEach((widget, n) => {
      const { knobs, at } = there[n] ?? {};
      if (knobs) widget.setAttribute('knobs', knobs);
      if (at) widget.setAttribute('at', at);
      left[n] = { knobs, at };
    });
  }
}
