import { Plot } from '/plot.js';

const EVERY_MS = 100;
const WINDOW_S = 15;
const KEPT = 200;
const byId = (id) => document.getElementById(id);

export function roundTrip(link) {
  const plot = new Plot(byId('rtt-plot'), 'ms', [{ name: 'round trip', stroke: 'accent' }], WINDOW_S);
  const button = byId('ping');
  let timer;
  let startedAt = 0;
  let times = [];
  let waiting = false;

  function send() {
    const channel = link.channels.ping;
    if (waiting || channel?.readyState !== 'open' || document.hidden) return;
    waiting = true;
    channel.send(new Float64Array([performance.now()]));
  }

  function onMessage({ data }) {
    waiting = false;
    const now = performance.now();
    const ms = now - new Float64Array(data)[0];
    times.push(ms);
    if (times.length > KEPT) times.shift();
    const sorted = [...times].sort((a, b) => a - b);
    const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))].toFixed(2);
    byId('rtt-last').textContent = ms.toFixed(2);
    byId('rtt-p50').textContent = at(0.5);
    byId('rtt-p95').textContent = at(0.95);
    plot.add((now - startedAt) / 1000, ms);
  }

  function run(on) {
    clearInterval(timer);
    timer = on ? setInterval(send, EVERY_MS) : undefined;
    button.textContent = on ? 'Pause' : 'Go on';
  }

  link.addEventListener('state', ({ detail }) => {
    run(false);
    if (detail !== 'connected') return;
    times = [];
    waiting = false;
    startedAt = performance.now();
    plot.clear();
    link.channels.ping.onmessage = onMessage;
    run(true);
  });
  button.addEventListener('click', () => run(timer === undefined));
}
