import { Signal, watch } from '/connect.js';
import { $, enable, showRows } from '/page.js';

const here = { offers: 0, collisions: 0, ignored: 0, answers: 0 };
let there = { ...here };
let [polite, delay] = [true, 0];
let [isOffering, isIgnoring] = [false, false];

const signal = await Signal.open();
const pc = new RTCPeerConnection();
const send = (message) => setTimeout(() => signal.send(message), delay);

function show() {
  const row = (side, isPolite, c) => [side, isPolite ? 'polite' : 'impolite', c.offers, c.collisions, c.ignored, c.answers];
  showRows('sides', [row('this page', polite, here), row('the program', !polite, there)]);
  $('signaling').textContent = pc.signalingState;
}

pc.onnegotiationneeded = async () => {
  isOffering = true;
  await pc.setLocalDescription().finally(() => (isOffering = false));
  here.offers++;
  send({ description: pc.localDescription });
};
pc.onicecandidate = ({ candidate }) => send({ candidate });
pc.onsignalingstatechange = show;

async function take({ description, candidate, counts, isPagePolite, delay: wanted }) {
  if (isPagePolite !== undefined) [polite, delay] = [isPagePolite, wanted];
  if (counts) there = counts;
  if (description) {
    const isCollision = description.type === 'offer' && (isOffering || pc.signalingState !== 'stable');
    isIgnoring = isCollision && !polite;
    if (isCollision) here.collisions++;
    if (isIgnoring) return here.ignored++;
    await pc.setRemoteDescription(description);
    if (description.type !== 'offer') return;
    await pc.setLocalDescription();
    here.answers++;
    send({ description: pc.localDescription });
  } else if (candidate) await pc.addIceCandidate(candidate).catch((error) => isIgnoring || Promise.reject(error));
}

let taken = Promise.resolve();
signal.addEventListener('message', ({ detail }) => (taken = taken.then(() => take(detail)).then(show)));

watch(pc, signal);
const channel = pc.createDataChannel('echo');
channel.onopen = () => enable(true);
channel.onmessage = ({ data }) => ($('echoes').textContent = data);
let echoes = 0;
setInterval(() => channel.readyState === 'open' && channel.send(String(++echoes)), 100);

$('glare').onclick = () => {
  signal.send({ go: true });
  pc.restartIce();
};
