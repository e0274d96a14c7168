// @ts-check
// <pool-scope>: one experiment, in a page. README.md describes the interface.
import { offer } from './shell.js';
import { version } from './version.js';
import { ATTRIBUTES, Widget } from './widget.js';

offer('pool-scope', { version, properties: Widget.properties, Life: Widget });

export { ATTRIBUTES, version };
