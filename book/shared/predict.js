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
    const answer = new FormData(question).get('answer');
    if (truth === undefined || answer === null) return;
    const good = answer === truth;
    verdict.className = good ? 'right' : 'wrong';
    verdict.textContent = (good ? right : wrong).replace('{}', truth);
  };
  // The first run is the question's; what the reader makes of it afterwards is not.
  widget.addEventListener('outcome', (event) => {
    truth ??= String(/** @type {CustomEvent} */ (event).detail[of]);
    judge();
  });
  question.addEventListener('change', (event) => {
    if (!(event.target instanceof HTMLInputElement)) return;
    run.open = true;
    judge();
  });
}
