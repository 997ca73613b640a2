import { connect } from '/connect.js';
import { showRows } from '/page.js';

const greetings = new Map();

function show() {
  const cells = ([c, greeting]) => [c.label, c.id, c.ordered ? 'yes' : 'no', c.maxRetransmits ?? '–', c.maxPacketLifeTime === null ? '–' : `${c.maxPacketLifeTime} ms`, c.protocol || '–', c.negotiated ? 'yes' : 'no', greeting];
  showRows('channels', [...greetings].toSorted(([a], [b]) => a.id - b.id).map(cells));
}

function add(channel) {
  greetings.set(channel, '');
  channel.onmessage = ({ data }) => {
    greetings.set(channel, data);
    channel.send(`hello to '${channel.label}'`);
    show();
  };
  show();
}

await connect({
  begin(pc) {
    pc.ondatachannel = ({ channel }) => add(channel);
    // A channel that is there before the offer would make the page offer as well.
    const onOffer = () => add(pc.createDataChannel('negotiated', { negotiated: true, id: 100 }));
    pc.addEventListener('signalingstatechange', onOffer, { once: true });
  },
});
