import { connect } from '/connect.js';
import { $, enable } from '/page.js';
import { Plot } from '/plot.js';

const WINDOW_S = 30;
const SAMPLE_MS = 250;
const rate = new Plot($('rate-plot'), 'MB/s', [{ name: 'received', stroke: 'accent' }], WINDOW_S);
const buffer = new Plot($('buffer-plot'), 'KiB', [{ name: 'buffered', stroke: 'second' }], WINDOW_S);

let channel;
let [received, sampled, startMs, buffered] = [0, 0, 0, 0];

function start(pc) {
  channel = pc.createDataChannel('data');
  channel.binaryType = 'arraybuffer';
  channel.onopen = () => {
    [received, sampled, startMs] = [0, 0, performance.now()];
    rate.clear();
    buffer.clear();
    enable(true);
    $('toggle').textContent = 'Stop';
  };
  channel.onmessage = ({ data }) => (received += data.byteLength);
  channel.onclose = () => ($('toggle').textContent = 'Start');
}

setInterval(() => {
  if (channel?.readyState !== 'open') return;
  const seconds = (performance.now() - startMs) / 1000;
  const nowMBps = (received - sampled) / 1000 / SAMPLE_MS;
  sampled = received;
  rate.add(seconds, nowMBps);
  buffer.add(seconds, buffered / 1024);
  $('now').textContent = nowMBps.toFixed(1);
  $('mean').textContent = (received / 1e6 / seconds).toFixed(1);
  $('total').textContent = (received / 1e6).toFixed(1);
}, SAMPLE_MS);

function onWord({ bufferedBytes, mostBytes, limitBytes, waits }) {
  if (bufferedBytes === undefined) return;
  buffered = bufferedBytes;
  for (const [id, bytes] of Object.entries({ buffered: bufferedBytes, most: mostBytes, limit: limitBytes })) $(id).textContent = Math.round(bytes / 1024);
  $('waits').textContent = waits;
}

const { pc, signal } = await connect({ begin: start, onWord });
$('toggle').onclick = () => (channel.readyState === 'open' ? signal.send({ stop: true }) : start(pc));
