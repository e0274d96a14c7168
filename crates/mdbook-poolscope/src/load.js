// mdBook gives pages plain scripts; the widget is a module, and lies where the book's own files do.
import(new URL('../poolscope/pool-scope.js', document.currentScript.src).href);
