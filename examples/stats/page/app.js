import { connect } from '/connect.js';
import { $ } from '/page.js';
import { Plot } from '/plot.js';

const LINES = [{ name: 'sent', stroke: 'accent' }, { name: 'received', stroke: 'second' }];
const cards = new Map();

function cardOf(name) {
  const known = cards.get(name);
  if (known) return known;
  const section = $('card').content.cloneNode(true).firstElementChild;
  section.querySelector('h2').textContent = name;
  document.querySelector('main').append(section);
  const plot = new Plot(section.querySelector('.plot'), 'kB/s', LINES, 30);
  const card = { section, plot, startMs: 0, last: undefined };
  cards.set(name, card);
  return card;
}

function show(figures) {
  const card = cardOf(figures.name);
  const { section, plot, last } = card;
  card.last = figures;
  card.startMs ||= figures.atMs;
  section.querySelector('small').textContent = `${figures.state}, ${figures.channels} open, MTU ${figures.mtuBytes}, ${figures.cipher}`;
  if (!last) return;
  const rate = (what) => (figures[what] - last[what]) / Math.max(1, figures.atMs - last.atMs);
  const values = { sent: rate('bytesSent'), received: rate('bytesReceived'), roundTrip: figures.roundTripMs };
  for (const [what, value] of Object.entries(values)) section.querySelector(`[data-figure=${what}]`).textContent = value.toFixed(1);
  plot.add((figures.atMs - card.startMs) / 1000, values.sent, values.received);
}

function onMessage({ data }) {
  const all = JSON.parse(data);
  for (const figures of all) show(figures);
  for (const [name, { section }] of cards) {
    if (all.some((figures) => figures.name === name)) continue;
    section.remove();
    cards.delete(name);
  }
}

await connect({ begin: (pc) => (pc.ondatachannel = ({ channel }) => (channel.onmessage = onMessage)) });
