import { connect } from '/connect.js';
import { $, addLine, enable } from '/page.js';

let count = 0;

function open(pc) {
  const label = `channel ${++count}`;
  const channel = pc.createDataChannel(label);
  let [messages, isOurs] = [0, false];
  channel.onopen = () => {
    addLine('log', `${label} is open`);
    enable(true);
  };
  channel.onmessage = ({ data }) => {
    messages++;
    addLine('log', `${label}: ${data}`);
  };
  channel.onclose = () => {
    addLine('log', `${label} was closed by ${isOurs ? 'this page' : 'the program'} after ${messages} ${messages === 1 ? 'message' : 'messages'}`, isOurs ? 'mine' : '');
    enable(false);
  };
  $('close').onclick = () => {
    isOurs = true;
    channel.close();
  };
}

const { pc } = await connect({ begin: open });
$('open').onclick = () => open(pc);
