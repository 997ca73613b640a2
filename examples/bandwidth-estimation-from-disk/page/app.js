import { connect } from '/connect.js';
import { showFigures, showTracks } from '/media.js';
import { $, enable, press } from '/page.js';
import { Plot } from '/plot.js';

const LINES = [{ name: 'estimate (drawn up to 1000)', stroke: 'accent' }, { name: 'sent', stroke: 'second' }];
const plot = new Plot($('plot'), 'kbit/s', LINES, 60);
const startMs = performance.now();

function onWord({ narrow, estimateBps, sentBps, quality, lost }) {
  if (!quality) return;
  const [estimate, sent] = [estimateBps === null ? null : estimateBps / 1000, sentBps / 1000];
  $('narrow').textContent = `${narrow} kbit/s`;
  $('quality').textContent = quality;
  $('estimate').textContent = estimate === null ? '–' : Math.round(estimate);
  $('sent').textContent = Math.round(sent);
  $('lost').textContent = lost;
  plot.add((performance.now() - startMs) / 1000, estimate === null ? null : Math.min(estimate, 1000), sent);
}

const { pc, signal } = await connect({ begin: (connection) => showTracks(connection), onWord });
showFigures(pc);
enable(true);

for (const id of ['wide', 'narrow']) {
  $(id).onclick = () => {
    signal.send({ isNarrow: id === 'narrow' });
    press([$('wide'), $('narrow')], $(id));
  };
}
