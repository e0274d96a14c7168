// @ts-check
// Predict, then see: the answer is what the run comes to, here and now.

for (const question of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll('form.predict'))) {
  const run = question.querySelector('details');
  const widget = question.querySelector('pool-scope');
  const verdict = question.querySelector('output');
  if (!run || !widget || !verdict) continue;
  const { of = '', right = '', wrong = '' } = question.dataset;
  /** What the run came to, once it has run. @type {string | undefined} */
  let truth;
  const judge = () => {
    const answered = new FormData(question).get('answer');
    if (truth === undefined || answered === null || !run.open) return;
    const good = answered === truth;
    verdict.className = good ? 'right' : 'wrong';
    verdict.textContent = (good ? right : wrong).replace('{}', truth);
  };
  // The first run is the question's; what the reader makes of it afterwards is not.
  widget.addEventListener('outcome', (event) => {
    truth ??= String(/** @type {CustomEvent} */ (event).detail[of]);
    judge();
  });
  const answer = () => {
    run.open = true;
    judge();
  };
  // Arrow keys choose one answer after the other on their way: what they pass is not meant yet.
  let passes = false;
  question.addEventListener('keydown', (event) => {
    if (!(event.target instanceof HTMLInputElement) || event.target.type !== 'radio') return;
    passes = event.key.startsWith('Arrow');
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    event.target.checked = true;
    answer();
  });
  question.addEventListener('change', (event) => {
    if (!(event.target instanceof HTMLInputElement) || event.target.type !== 'radio') return;
    if (!passes) return answer();
    passes = false;
    verdict.className = '';
    verdict.textContent = document.documentElement.lang.startsWith('zh') ? '按 Enter 键作答。' : 'Press Enter to answer.';
  });
}
