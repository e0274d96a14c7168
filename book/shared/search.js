// @ts-check
// The search of the book. mdBook's own index knows only words between blanks; this looks through the sections themselves, so
// that Chinese is found as well, and an error text is found where it is explained. mdBook keeps the box, the list and the keys.

/**
 * @typedef {{ id: string, title: string, body: string, breadcrumbs: string }} Doc
 * @typedef {{ doc: Doc, order: number, title: string, chapter: string, body: string, words: string, quotes: boolean }} Section
 */

/** Chinese characters, which have no blanks between words. */
const HAN = /\p{Script=Han}+/gu;
/** How much of a section a result shows. */
const TEASER = 180;

/** @param {string} text */
const plain = (text) => text.normalize('NFKC').toLowerCase().replace(/[‘’]/g, "'").replace(/\s+/g, ' ');

/** Words, without the quotes around them. @param {string} text */
const words = (text) => text.replace(HAN, ' ').match(/[\p{L}\p{N}_]+(?:'[\p{L}\p{N}_]+)*/gu) ?? [];

/** What is looked for: words, and runs of Chinese characters. @param {string} query */
function terms(query) {
  const text = plain(query);
  return [...new Set([...words(text), ...(text.match(HAN) ?? [])])];
}

/** Words that stand side by side: an error text is more than its words, whatever numbers are in it. @param {string[]} words */
const neighbours = (words) => words.slice(1).map((word, at) => ` ${words[at]} ${word} `);

/** A run of characters as the pairs it is made of. @param {string} term */
const pairs = (term) => Array.from({ length: Math.max(0, [...term].length - 1) }, (_, at) => [...term].slice(at, at + 2).join(''));

/**
 * How often a term stands in a text; a Latin word must begin where the term does, and end there too if `whole`.
 * @param {string} text @param {string} term @param {boolean} [whole]
 */
function count(text, term, whole) {
  if (term.match(HAN)) return text.split(term).length - 1;
  const word = term.replace(/[.*+?^${}()|[\]\\]/g, '\\$&') + (whole ? '(?![\\p{L}\\p{N}_])' : '');
  return (text.match(new RegExp(`(?<![\\p{L}\\p{N}_])${word}`, 'gu')) ?? []).length;
}

class Sections {
  /** @param {Record<string, Doc>} docs in the order of the book @param {string[]} urls by the ids of them */
  constructor(docs, urls) {
    /** The whole title of a page, which names its error, is that of its first section. @type {Record<string, string>} */
    const pages = {};
    /** @type {Section[]} */
    this.all = Object.values(docs).map((doc) => {
      const order = Number(doc.id);
      const [title, chapter, body] = [doc.title, doc.breadcrumbs.split(' » ')[0] ?? '', doc.body].map(plain);
      const page = (pages[chapter] ??= `${chapter} ${title}`);
      return { doc, order, title, chapter: page, body, words: ` ${words(body).join(' ')} `, quotes: !!urls[order]?.endsWith('#the-error') };
    });
    this.documentStore = { docs };
  }

  /** As elasticlunr's: `[{ ref, doc, score }]`, best first. @param {string} query */
  search(query) {
    let wanted = terms(query);
    if (wanted.length === 0) return [];
    // Of a run of characters that nobody wrote as a whole, its pairs.
    const seen = (/** @type {string} */ term) => this.all.some(({ title, chapter, body }) => `${title} ${chapter} ${body}`.includes(term));
    wanted = wanted.flatMap((term) => (!term.match(HAN) || seen(term) ? [term] : pairs(term).filter(seen)));
    // One word alone may be told by what stands around it: (0, '').
    const phrase = plain(query.trim()).replace(wanted.length > 1 ? /^["'(]+|["')]+$/g : '', '');
    const together = neighbours(words(plain(query)));
    const found = this.all.map((section) => this.#weigh(section, wanted, phrase, together)).filter(({ terms }) => terms > 0);
    const most = Math.max(...found.map(({ terms }) => terms));
    // A pasted error has a number or a name of its own in it, which no page knows.
    return found
      .filter(({ terms }) => terms >= most - Math.floor(wanted.length / 4))
      .sort((a, b) => b.score - a.score || a.section.order - b.section.order)
      .map(({ section, score }) => ({ ref: section.doc.id, score, doc: { ...section.doc, body: teaser(this.#text(section), [phrase, ...wanted]) } }));
  }

  /** A title with nothing below it is shown with what comes next. @param {Section} section */
  #text(section) {
    return section.doc.body || (this.all.find(({ order, doc }) => order > section.order && doc.body)?.doc.body ?? '');
  }

  /** @param {Section} section @param {string[]} wanted @param {string} phrase @param {string[]} together */
  #weigh(section, wanted, phrase, together) {
    let terms = 0;
    // Only the word that is being typed may be a part of one: “to” is no Tornado.
    const short = (/** @type {string} */ term) => term.length < 4 && term !== wanted.at(-1);
    let score = together.filter((pair) => section.words.includes(pair)).length;
    for (const term of wanted) {
      const [title, chapter, times] = [section.title, section.chapter, section.body].map((text) => count(text, term, short(term)));
      if (title + chapter + times === 0) continue;
      terms++;
      // Of an error text no word is told by how often a run repeats it.
      const body = wanted.length > 1 ? Math.min(times, 1) : times;
      score += this.#rarity(term) * ((3 * title) / (title + 1) + (2 * chapter) / (chapter + 1) + body / (body + 2));
    }
    if (phrase !== wanted[0]) {
      if (section.title.includes(phrase)) score += 8;
      if (section.body.includes(phrase)) score += section.quotes ? 5 : 2;
    }
    // The entry of the book only says where to go.
    return { section, terms, score: section.order === 0 ? 0.9 * score : score };
  }

  /** @type {Map<string, number>} */
  #rarities = new Map();

  /** @param {string} term */
  #rarity(term) {
    const known = this.#rarities.get(term);
    if (known !== undefined) return known;
    const have = this.all.filter(({ title, chapter, body }) => count(`${title} ${chapter} ${body}`, term) > 0).length;
    const rarity = Math.log(1 + this.all.length / (1 + have));
    this.#rarities.set(term, rarity);
    return rarity;
  }
}

/** The place in a section where the terms stand. @param {string} body @param {string[]} wanted */
function teaser(body, wanted) {
  const text = body.normalize('NFKC').toLowerCase();
  const at = Math.max(0, ...wanted.map((term) => text.indexOf(term)).filter((at) => at >= 0).slice(0, 1));
  const start = at < 60 ? 0 : Math.max(body.lastIndexOf(' ', at - 40), at - 60);
  return `${start > 0 ? '… ' : ''}${body.slice(start, start + TEASER).trim()}${start + TEASER < body.length ? ' …' : ''}`;
}

const page = /** @type {any} */ (window);
if (page.elasticlunr) {
  page.elasticlunr.Index.load = (/** @type {{ documentStore: { docs: Record<string, Doc> } }} */ index) =>
    new Sections(index.documentStore.docs, page.search.doc_urls);
}
