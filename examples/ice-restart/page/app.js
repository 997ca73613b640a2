import { connect } from '/connect.js';
import { $, enable, showRows } from '/page.js';

const generations = [];
const ufragOf = (description) => /a=ice-ufrag:(\S+)/.exec(description?.sdp ?? '')?.[1] ?? '';

function onPulse(channel) {
  let [received, lastMs, silenceMs] = [0, performance.now(), 0];
  channel.onopen = () => enable(true);
  channel.onmessage = ({ data }) => {
    const nowMs = performance.now();
    silenceMs = Math.max(silenceMs, received > 0 ? nowMs - lastMs : 0);
    lastMs = nowMs;
    $('received').textContent = ++received;
    $('lost').textContent = Number(data) - received;
    $('silence').textContent = silenceMs.toFixed(0);
  };
}

/** A negotiation is over: do both sides have new credentials? */
function onStable(pc) {
  const [here, there] = [ufragOf(pc.currentLocalDescription), ufragOf(pc.currentRemoteDescription)];
  if (here === generations.at(-1)?.[2] && there === generations.at(-1)?.[3]) return;
  generations.push([generations.length + 1, pc.currentLocalDescription.type === 'offer' ? 'this page' : 'the program', here, there]);
  showRows('generations', generations);
}

const { pc, signal } = await connect({
  begin(pc) {
    pc.ondatachannel = ({ channel }) => onPulse(channel);
    pc.addEventListener('signalingstatechange', () => pc.signalingState === 'stable' && onStable(pc));
  },
});
$('here').onclick = () => pc.restartIce();
$('there').onclick = () => signal.send({ restart: true });
