// @ts-check
// Any scenario, any knob. The address of the page says which, so that it can be sent to somebody.

const chooser = /** @type {HTMLSelectElement | null} */ (document.querySelector('select.scenarios'));
const widget = document.querySelector('.any-scenario pool-scope');
const source = document.querySelector('script.scenarios');
if (chooser && widget && source) {
  /** @type {Record<string, unknown>} */
  const scenarios = JSON.parse(source.textContent ?? '{}');
  /** @type {{ scenario: string, knobs?: string, at?: string }} */
  let shown = { scenario: chooser.value };

  const write = () => {
    const address = new URL(location.href);
    for (const key of /** @type {const} */ (['scenario', 'knobs', 'at'])) {
      const value = shown[key];
      if (value && value !== '{}') address.searchParams.set(key, value);
      else address.searchParams.delete(key);
    }
    address.hash = '';
    history.replaceState(history.state, '', address);
  };
  const show = () => {
    const { scenario, knobs, at } = shown;
    chooser.value = scenario;
    for (const [name, value] of Object.entries({ knobs, at })) {
      if (value) widget.setAttribute(name, value);
      else widget.removeAttribute(name);
    }
    widget.setAttribute('scenario', JSON.stringify(scenarios[scenario]));
  };

  const asked = Object.fromEntries(new URL(location.href).searchParams);
  if (asked.scenario in scenarios) {
    shown = { scenario: asked.scenario, knobs: asked.knobs, at: asked.at };
    show();
  }
  chooser.addEventListener('change', () => {
    shown = { scenario: chooser.value };
    show();
    write();
  });
  widget.addEventListener('change', (event) => {
    shown.knobs = JSON.stringify(/** @type {CustomEvent} */ (event).detail.knobs);
    write();
  });
  widget.addEventListener('seek', (event) => {
    shown.at = /** @type {CustomEvent} */ (event).detail.at;
    write();
  });
}
