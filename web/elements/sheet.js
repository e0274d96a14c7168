// @ts-check
// The styles of an element around its widget, which brings its own.

/** Parts that `controls` chooses among. */
const CONTROLS = ['outcome', 'knobs', 'transport', 'story', 'listing', 'holdings', 'server', 'log'];

/** @type {CSSStyleSheet | undefined} */
let ownSheet;
export function sheet() {
  if (ownSheet) return ownSheet;
  const hidden = CONTROLS.map((part) => `:host([controls]:not([controls~=${part}])) [part=${part}]`).join();
  ownSheet = new CSSStyleSheet();
  ownSheet.replaceSync(
    // Until it is ready the widget measures its room and takes none, so that the page moves once.
    ':host{display:block;position:relative}:host(:not(:state(live))) [part=widget]{position:absolute;inset:0 0 auto;block-size:0;overflow:clip;visibility:hidden}' +
      // On paper a run that nobody has changed is the picture and the table that the page came with.
      '@media print{:host(:state(live):not(:state(turned))) slot[hidden]{display:block!important}:host(:state(live):not(:state(turned))) [part=widget]{display:none}}' +
      `:host([hidden]),[hidden],${hidden}{display:none!important}:host(:state(bare)) [data-do=tools]{display:none!important}[part=note]{font-size:.85em;margin:0 0 .5em;white-space:pre-line}`,
  );
  return ownSheet;
}

/**
 * What `:state()` selects. A browser that does not know it (before Chrome 125, Firefox 126, Safari 17.4) leaves the rules above out; the widget
 * does without them.
 * @param {ElementInternals} internals
 * @returns {Pick<Set<string>, 'add' | 'delete' | 'has'>}
 */
export function statesOf(internals) {
  try {
    internals.states.add('live');
    internals.states.delete('live');
    return internals.states;
  } catch {
    return new Set();
  }
}
