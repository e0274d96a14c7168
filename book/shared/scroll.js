// @ts-check
// What is wider than the page scrolls by itself, and then the keyboard has to get there.

const wide = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const scrolls = target.scrollWidth > target.clientWidth;
    if (scrolls) target.setAttribute('tabindex', '0');
    else target.removeAttribute('tabindex');
  }
});
for (const box of document.querySelectorAll('main :is(pre > code, .table-wrapper)')) if (!box.closest('pool-scope')) wide.observe(box);
