import { connect } from '/connect.js';
import { $, showRows } from '/page.js';
import { Plot } from '/plot.js';

const STROKES = ['accent', 'second', 'good', 'busy', 'bad', 'soft'];
const SAMPLE_MS = 500;
const plot = new Plot($('plot'), 'MB/s', STROKES.map((stroke) => ({ stroke })), 30);
const counters = [];
let startMs = 0;

function count(channel) {
  const counter = { label: channel.label, received: 0, sampled: 0 };
  counters.push(counter);
  plot.name(counters.map(({ label }) => label));
  startMs ||= performance.now();
  channel.binaryType = 'arraybuffer';
  channel.onmessage = ({ data }) => (counter.received += data.byteLength);
}

setInterval(() => {
  if (counters.length === 0) return;
  const total = counters.reduce((sum, { received }) => sum + received, 0);
  const rates = counters.map((counter) => {
    const rate = (counter.received - counter.sampled) / 1000 / SAMPLE_MS;
    counter.sampled = counter.received;
    return rate;
  });
  plot.add((performance.now() - startMs) / 1000, ...STROKES.map((_, i) => rates[i] ?? null));
  showRows('shares', counters.map(({ label, received }, i) => [label, `${(received / 1e6).toFixed(1)} MB`, `${rates[i].toFixed(1)} MB/s`, `${((100 * received) / Math.max(1, total)).toFixed(0)} %`]));
}, SAMPLE_MS);

await connect({ begin: (pc) => (pc.ondatachannel = ({ channel }) => count(channel)) });
