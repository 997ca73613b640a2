import { connect } from '/connect.js';
import { $, addLine, enable, onSubmit } from '/page.js';

const channels = [];

function open(pc) {
  const channel = pc.createDataChannel(`channel ${channels.length + 1}`);
  channels.push(channel);
  channel.onopen = () => {
    addLine('log', `${channel.label} is open`);
    enable(true);
  };
  channel.onmessage = ({ data }) => addLine('log', `${channel.label}: ${data}`);
}

const { pc } = await connect({ begin: open });
$('open').onclick = () => open(pc);
onSubmit('form', (text) => {
  for (const channel of channels) if (channel.readyState === 'open') channel.send(text);
  addLine('sent', text, 'mine');
});
