import { Plot } from '/plot.js';

const SAMPLE_MS = 200;
const WINDOW_S = 15;
const LINES = [{ name: 'from the server', stroke: 'accent' }, { name: 'to the server', stroke: 'second' }];
const HIGH_BYTES = 1024 * 1024;
const byId = (id) => document.getElementById(id);
const buttons = { down: byId('down'), up: byId('up') };

export function throughput(link) {
  const plot = new Plot(byId('throughput-plot'), 'MB/s', LINES, WINDOW_S);
  let run;

  function stop() {
    if (!run) return;
    clearInterval(run.timer);
    buttons[run.direction].setAttribute('aria-pressed', 'false');
    if (run.channel.readyState === 'open' && run.direction === 'down') run.channel.send(JSON.stringify({ type: 'stop' }));
    run.channel.onbufferedamountlow = null;
    run = undefined;
  }

  function sample() {
    const now = performance.now();
    const rate = (run.bytes - run.lastBytes) / (now - run.lastAt) / 1000;
    run.lastAt = now;
    run.lastBytes = run.bytes;
    run.peak = Math.max(run.peak, rate);
    const elapsed = now - run.startedAt;
    plot.add(elapsed / 1000, run.direction === 'down' ? rate : null, run.direction === 'up' ? rate : null);
    byId('rate-now').textContent = rate.toFixed(1);
    byId('rate-mean').textContent = (run.bytes / elapsed / 1000).toFixed(1);
    byId('rate-peak').textContent = run.peak.toFixed(1);
    byId('rate-total').textContent = (run.bytes / 1e6).toFixed(0);
  }

  function fill(channel, message) {
    while (run && channel.readyState === 'open' && channel.bufferedAmount < HIGH_BYTES) channel.send(message);
  }

  function start(direction) {
    const same = run?.direction === direction;
    stop();
    if (same) return;
    const channel = link.channels.throughput;
    const sizeBytes = Number(byId('size').value);
    const now = performance.now();
    run = { direction, channel, bytes: 0, lastBytes: 0, startedAt: now, lastAt: now, peak: 0 };
    plot.clear();
    buttons[direction].setAttribute('aria-pressed', 'true');
    if (direction === 'down') {
      channel.send(JSON.stringify({ type: 'send', sizeBytes }));
    } else {
      const message = new Uint8Array(sizeBytes);
      channel.bufferedAmountLowThreshold = HIGH_BYTES / 2;
      channel.onbufferedamountlow = () => fill(channel, message);
      fill(channel, message);
    }
    run.timer = setInterval(sample, SAMPLE_MS);
  }

  function onMessage({ data }) {
    if (typeof data !== 'string') {
      if (run?.direction === 'down') run.bytes += data.byteLength;
      return;
    }
    const { type, bytes } = JSON.parse(data);
    if (type !== 'received') return;
    if (run?.direction === 'up') run.bytes += bytes - counted;
    counted = bytes;
  }

  let counted = 0; // the server counts over all runs of a connection
  link.addEventListener('state', ({ detail }) => {
    stop();
    counted = 0;
    if (detail === 'connected') link.channels.throughput.onmessage = onMessage;
  });
  for (const direction of ['down', 'up']) buttons[direction].addEventListener('click', () => start(direction));
  byId('size').addEventListener('change', () => {
    if (!run) return;
    const { direction } = run;
    stop();
    start(direction);
  });
}
