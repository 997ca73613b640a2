// libdatachannel (libjuice ICE, OpenSSL DTLS, usrsctp SCTP) through npm 'node-datachannel', as a data-channel peer.
// It has no codecs: --send echoes received RTP through a libdatachannel media track.
// Options: --sink, --send, --ice=…, --relay (TURN over UDP only), --ports=MIN-MAX, --ice-tcp, --mtu=BYTES
import nodeDataChannel from 'node-datachannel';
import { options, say, serve } from './lib/serve.mjs';

const { PeerConnection, initLogger } = nodeDataChannel;
const opts = options();
if (process.env.PEERS_LOG === 'debug') initLogger('Debug', (level, text) => console.error(level, text));
const count = { dataMessages: 0, dataBytes: 0 };
const inbound = [];
const keep = []; // libdatachannel closes what JavaScript collects
const channels = {};

/** {urls:'turn:host:port?…', username, credential} → 'turn:user:password@host:port?…', libdatachannel's form */
const toUrl = ({ urls, username, credential }) => (username ? String(urls).replace(/^(turns?):/, `$1:${username}:${credential}@`) : String(urls));

const [portRangeBegin, portRangeEnd] = String(opts.ports ?? '').split('-').map(Number);
const pc = new PeerConnection('peer', {
  iceServers: opts.config.iceServers.map(toUrl),
  ...(opts.relay && { iceTransportPolicy: 'relay' }),
  enableIceTcp: Boolean(opts['ice-tcp']),
  maxMessageSize: 1 << 20,
  ...(opts.mtu && { mtu: Number(opts.mtu) }),
  ...(portRangeEnd && { portRangeBegin, portRangeEnd }),
});

function watch(channel) {
  const entry = { label: channel.getLabel(), state: channel.isOpen() ? 'open' : 'connecting', protocol: channel.getProtocol() };
  channels[entry.label] = { channel, entry };
  channel.onOpen(() => (entry.state = 'open'));
  channel.onClosed(() => (entry.state = 'closed'));
  channel.onMessage((data) => {
    count.dataMessages++;
    count.dataBytes += data.length;
    if (opts.sink) return;
    if (typeof data === 'string') channel.sendMessage(data);
    else channel.sendMessageBinary(Buffer.from(data));
  });
}

/** The W3C names of a channel's options, as libdatachannel calls them. */
const channelOptions = ({ ordered = true, maxRetransmits, protocol = '' } = {}) => ({ unordered: !ordered, protocol, ...(maxRetransmits !== undefined && { maxRetransmits }) });

pc.onDataChannel(watch);
pc.onStateChange((state) => say({ type: 'state', state }));
pc.onTrack((track) => {
  const entry = { kind: track.type(), packetsReceived: 0 };
  inbound.push(entry);
  keep.push(track);
  track.onMessage((packet) => {
    const rtcp = packet[1] >= 192 && packet[1] <= 223;
    if (rtcp) return;
    entry.packetsReceived++;
    if (opts.send && track.isOpen()) track.sendMessageBinary(packet);
  });
});

async function local(type) {
  while (pc.gatheringState() !== 'complete') await new Promise((r) => setTimeout(r, 10));
  return { type, sdp: pc.localDescription().sdp };
}

await serve(
  async (msg) => {
    switch (msg.type) {
      case 'offer':
        pc.setRemoteDescription(msg.sdp, 'offer');
        return local('answer');
      case 'make-offer':
        watch(pc.createDataChannel('peer', channelOptions(msg.channel)));
        return local('offer');
      case 'answer':
        pc.setRemoteDescription(msg.sdp, 'answer');
        return undefined;
      case 'close-channel':
        channels[msg.label].channel.close();
        return undefined;
      case 'hang-up':
        pc.close();
        return { type: 'hung-up' };
      case 'stats': {
        const p = pc.getSelectedCandidatePair();
        const side = (c) => c && { candidateType: c.type, protocol: c.transportType, address: c.address };
        return { type: 'stats', state: pc.state(), ...count, channels: Object.values(channels).map((c) => c.entry), inbound, pair: p && { local: side(p.local), remote: side(p.remote) } };
      }
      default:
        throw new Error(`unknown request ${msg.type}`);
    }
  },
  async () => pc.close(),
);
