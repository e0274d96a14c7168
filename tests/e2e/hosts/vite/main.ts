import 'poolscope';
import 'poolscope/poolscope.css';
import { simulate, type Run } from 'poolscope/headless';
import scenario from 'poolscope/scenarios/recycle-above-wait-timeout.json';

const widget = document.querySelector('pool-scope')!;
widget.addEventListener('outcome', ({ detail }) => (document.body.dataset.failed = String(detail.failed)));
widget.addEventListener('change', ({ detail }) => (document.body.dataset.knobs = JSON.stringify(detail.knobs)));
widget.knobs = { 'engine.pool_pre_ping': false };

const { outcome, trace }: Run = await simulate(scenario, { set: { 'engine.pool_recycle': 5 } });
document.body.dataset.headless = `${outcome.failed} failed, ${trace.length > 10}`;
