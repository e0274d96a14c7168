document.addEventListener('DOMContentLoaded', () => {
  document.querySelector('#switch').addEventListener('click', () => (document.documentElement.dataset.theme = 'dark'));
  document.addEventListener('keydown', (event) => (document.title += ` ${event.key}`));
});
