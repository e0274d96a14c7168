// @ts-check
// Where a mended run parts from the broken one: the instant in the sentence below a run moves its playhead there.

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll('.parting button'))) {
  const widget = button.closest('.poolscope')?.querySelector('pool-scope');
  button.addEventListener('click', () => {
    // Also when the reader has left the instant that the attribute names already.
    widget?.removeAttribute('at');
    widget?.setAttribute('at', button.dataset.at ?? '');
    widget?.scrollIntoView({ block: 'nearest' });
  });
}
