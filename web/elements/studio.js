// @ts-check
// What the studio's module asks the page for: the clipboard, files, and a worker that fills a map.

/** Cells that a worker is asked for at a time: enough to be quick, few enough to be seen coming. */
const CELLS = 24;

/**
 * Answers the events of a widget's root.
 * @param {HTMLElement} root
 * @param {WebAssembly.Module | undefined} module  the studio's, compiled already
 * @param {(serial: number, from: number, text: string) => void} swept
 */
export function attach(root, module, swept) {
  root.addEventListener('take', (event) => event instanceof CustomEvent && take(event.detail));
  /** @type {Worker | undefined} */
  let worker;
  root.addEventListener('sweep', (event) => {
    if (!(event instanceof CustomEvent)) return;
    const { request, serial, total } = event.detail;
    worker?.terminate();
    worker = new Worker(new URL('./sweep.js', import.meta.url), { type: 'module' });
    const own = worker;
    own.onmessage = ({ data }) => {
      // A widget that was taken away needs no map.
      if (!root.isConnected) return own.terminate();
      swept(Number(serial), data.from, data.text);
      if (data.from + CELLS >= Number(total)) own.terminate();
    };
    own.postMessage({ module, request, total: Number(total), cells: CELLS });
  });
}

/** @param {{ how: string, name: string, type: string, text: string }} what */
async function take({ how, name, type, text }) {
  if (how === 'copy') {
    const copied = name === 'link' ? new URL(text, location.href).href : text;
    // Where a page may not, the reader still has the text in front of them.
    await navigator.clipboard?.writeText(copied).catch(() => {});
    return;
  }
  const blob = new Blob([text], { type });
  save(name, type === 'image/png' ? await pixels(text) : blob);
}

/** @param {string} name @param {Blob} blob */
function save(name, blob) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** The picture at twice its size. @param {string} svg @returns {Promise<Blob>} */
async function pixels(svg) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = image.width * 2;
  canvas.height = image.height * 2;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture'))), 'image/png'));
}
