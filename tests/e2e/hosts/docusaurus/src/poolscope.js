// What every page loads.
import 'poolscope';
import 'poolscope/poolscope.css';
