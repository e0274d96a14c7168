// The book as a reader meets it: its pages, and the widgets on them.
import { readFile } from 'node:fs/promises';
import { SITE } from './browser.mjs';

/** Two chapters whose widgets stand for all, by the names of their pages. */
export const CHAPTERS = ['sessions-never-closed', 'recycle-above-wait-timeout'];

/** The languages of the book. */
export const EDITIONS = ['en', 'zh-CN'];

const SUMMARY = await readFile(new URL('../../../book/en/src/SUMMARY.md', import.meta.url), 'utf8');
/** Every page of the book, in its order. */
export const PAGES = [...SUMMARY.matchAll(/\]\((.+?)\.md\)/g)].map(([, name]) => name);

/** @param {string} name @param {string} [edition] */
export const address = (name, edition = 'en') => `${SITE}${edition}/${name}.html`;

/**
 * @typedef {import('playwright-core').Page} Page
 * @typedef {import('playwright-core').Locator} Locator
 */

/**
 * The widget of an element: scrolled to, loaded, and there.
 * @param {Page} page
 * @param {number} [n]
 */
export async function widget(page, n = 0) {
  const host = page.locator('pool-scope').nth(n);
  await host.evaluate((element) => {
    // That of a question is shut until the reader has answered.
    const shut = element.closest('details');
    if (shut) shut.open = true;
    element.scrollIntoView();
  });
  await host.locator('[part=timeline]').waitFor();
  return new Widget(host);
}

/** Every widget of a page, loaded from first to last. @param {Page} page */
export async function widgets(page) {
  const all = [];
  for (let n = 0; n < (await page.locator('pool-scope').count()); n++) all.push(await widget(page, n));
  return all;
}

/** Selectors reach into the shadow root; those of `part`s and roles belong to the widget alone, not to the static picture. */
export class Widget {
  /** @param {Locator} host */
  constructor(host) {
    this.host = host;
    this.timeline = host.locator('[part=timeline]');
    this.picture = this.timeline.getByRole('img');
    this.outcome = host.locator('[part=outcome] strong');
    this.log = host.locator('[part=log]');
    this.reset = this.button('Reset');
  }

  /** @param {string} name */
  button(name) {
    return this.host.getByRole('button', { name, exact: true });
  }

  /** @param {string} name @param {string} label */
  async choose(name, label) {
    await this.changes(() => this.host.getByRole('combobox', { name, exact: true }).selectOption({ label }));
  }

  /** The unit, if there is one, is part of the field's name. @param {string} name @param {number} value */
  async type(name, value) {
    const field = this.host.getByRole('spinbutton', { name: new RegExp(`^${name}\\b`) });
    await this.changes(() => field.fill(String(value)));
  }

  /** @param {string} name */
  async switch(name) {
    await this.changes(() => this.host.getByRole('checkbox', { name, exact: true }).click());
  }

  async restore() {
    await this.changes(() => this.reset.click());
  }

  /** Does something that makes the element tell of another run. @param {() => Promise<unknown>} act */
  async changes(act) {
    const told = await this.host.evaluateHandle((host) => ({
      done: new Promise((resolve, reject) => {
        host.addEventListener('change', resolve, { once: true });
        setTimeout(() => reject(new Error('the widget told of no change')), 10_000);
      }),
    }));
    await act();
    await told.evaluate(({ done }) => done.then(() => undefined));
  }

  /** What the run says of errors, at its end: in the picture, in the outcome and in the application's log. */
  async errors() {
    await this.timeline.press('End');
    const texts = await this.picture.locator('text').allTextContents();
    const codes = texts.flatMap((text) => text.match(/\b(?:1040|2006|2013|4031)\b|QueuePool/g) ?? []);
    return {
      marks: [...new Set(codes)].sort(),
      crosses: await this.picture.locator('path.err').count(),
      outcome: (await this.outcome.textContent()) ?? '',
      log: (await this.log.textContent()) ?? '',
    };
  }
}
