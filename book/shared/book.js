// @ts-check
// What a page of the book does besides its widgets. Each part does nothing on a page that has nothing for it.
import './search.js';
import './scroll.js';
import './language.js';
import './predict.js';
import './score.js';
import './parting.js';
import './playground.js';
import './vary.js';
