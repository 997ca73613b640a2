import { Signal, watch } from '/connect.js';
import { addLine, enable, onSubmit } from '/page.js';

const signal = await Signal.open();
const pc = new RTCPeerConnection();
watch(pc, signal);

const channel = pc.createDataChannel('chat');
channel.onopen = () => enable(true);
channel.onclose = () => enable(false);
channel.onmessage = ({ data }) => addLine('log', data);
onSubmit('form', (text) => {
  channel.send(text);
  addLine('log', text, 'mine');
});

pc.onicecandidate = ({ candidate }) => signal.send({ candidate });
signal.addEventListener('message', ({ detail: { description, candidate } }) => {
  if (description) pc.setRemoteDescription(description);
  else if (candidate !== undefined) pc.addIceCandidate(candidate ?? undefined);
});
await pc.setLocalDescription();
signal.send({ description: pc.localDescription });
