// @ts-check
// One option at several values: each row of such a table opens its run below it.

for (const box of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('.vary'))) {
  const buttons = [...box.querySelectorAll('button')];
  /** @type {HTMLElement | undefined} */
  let widget;
  for (const button of buttons) {
    button.addEventListener('click', () => {
      const opens = button.ariaPressed !== 'true';
      for (const other of buttons) other.ariaPressed = String(opens && other === button);
      if (!opens) {
        widget?.remove();
        widget = undefined;
        return;
      }
      const fresh = !widget;
      widget ??= document.createElement('pool-scope');
      widget.setAttribute('scenario', box.dataset.scenario ?? '');
      widget.setAttribute('knobs', button.dataset.knobs ?? '{}');
      if (fresh) box.append(widget);
    });
  }
}
