// @ts-check
// Fix this service: the run's figures beside what is allowed, after every change.

for (const table of /** @type {NodeListOf<HTMLTableElement>} */ (document.querySelectorAll('table.score'))) {
  const widget = table.closest('.fix')?.querySelector('pool-scope');
  const verdict = table.closest('.fix')?.querySelector('output');
  widget?.addEventListener('outcome', (event) => {
    const { detail } = /** @type {CustomEvent} */ (event);
    let open = 0;
    for (const row of /** @type {NodeListOf<HTMLTableRowElement>} */ (table.querySelectorAll('tr[data-of]'))) {
      const figure = Number(detail[row.dataset.of ?? '']);
      const good = figure <= Number(row.dataset.max);
      if (!good) open++;
      row.className = good ? 'good' : 'bad';
      row.cells[1].textContent = String(figure);
      row.cells[3].textContent = good ? '✓' : '✗';
    }
    if (verdict) verdict.textContent = open === 0 ? (verdict.dataset.done ?? '') : (verdict.dataset.open ?? '').replace('{}', String(open));
  });
}
