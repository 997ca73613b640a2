// What an RTP packet costs on its way through the media of a peer, without sockets: the floor of what forwards it.
//
//   npm run bench -- micro rtp [packets]
import { randomFillSync } from 'node:crypto';
import type { Environment } from '../../src/core/index.ts';
import { nodeCrypto } from '../../src/crypto/node.ts';
import { defaultInterceptors, type InterceptorFactory } from '../../src/interceptor/index.ts';
import type { MediaAgreement } from '../../src/peer/index.ts';
import { MediaTransport } from '../../src/peer/media/machine.ts';
import { ExtensionUri, type RtpCodec } from '../../src/rtp/index.ts';
import { SrtpProfile } from '../../src/srtp/index.ts';

const count = Number(process.argv[2] ?? 60_000);
const PAYLOAD_BYTES = 1180;
const PACKETS_PER_FRAME = 8;
/** Packets between two looks at the timers, and between two readings of the CPU's clock. */
const [PER_TURN, PER_READING] = [25, 500];
const TURN_MS = 0.25;

const environment: Environment = { crypto: nodeCrypto, random: (into) => void randomFillSync(into), unixOffsetMs: 0 };
const codec = (payloadType: number, name: string, apt?: string): RtpCodec => ({
  kind: 'video',
  payloadType,
  name,
  clockRateHz: 90_000,
  parameters: new Map(apt === undefined ? [] : [['apt', apt]]),
  feedback: apt === undefined ? ['nack', 'nack pli', 'transport-cc'] : [],
});
const CODECS = [codec(96, 'VP8'), codec(97, 'rtx', '96')];

const agreement: MediaAgreement = {
  transceiver: 1,
  transport: 0,
  mid: '0',
  kind: 'video',
  direction: 'sendonly',
  sendCodecs: CODECS,
  receiveCodecs: CODECS,
  extensions: [ExtensionUri.mid, ExtensionUri.transportSequence, ExtensionUri.absoluteSendTime].map((uri, i) => ({ id: i + 1, uri })),
  extmapAllowMixed: true,
  reducedSizeRtcp: true,
  receiverRoundTrip: true,
  sendEncodings: [{ rid: undefined, active: true, ssrc: 1, rtxSsrc: 2, fecSsrc: 3 }],
  sources: [],
  receiveEncodings: [],
};

function pair(interceptors: readonly InterceptorFactory[]): readonly [MediaTransport, MediaTransport] {
  const fill = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
  const ends = [1, 3].map((own) => {
    const end = new MediaTransport(interceptors, environment);
    const other = 4 - own;
    end.setKeys({ profile: SrtpProfile.aeadAes128Gcm, localKey: fill(16, own), localSalt: fill(12, own), remoteKey: fill(16, other), remoteSalt: fill(12, other) });
    return end;
  });
  const [sender, receiver] = ends as [MediaTransport, MediaTransport];
  sender.update([agreement], 0);
  receiver.update([{ ...agreement, direction: 'recvonly', sendEncodings: [], sources: [{ ssrc: 1, rtxSsrc: 2, fecSsrc: undefined, cname: undefined }] }], 0);
  return [sender, receiver];
}

const cpuUs = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

/** µs of CPU per packet: written by the application until it waits to be sealed; sealed; received until the application has it. */
interface Costs {
  readonly write: number;
  readonly seal: number;
  readonly receive: number;
}

function measure(interceptors: readonly InterceptorFactory[]): Costs {
  const [sender, receiver] = pair(interceptors);
  const payload = new Uint8Array(PAYLOAD_BYTES).fill(0x5a);
  const sums = { write: 0, seal: 0, receive: 0 };
  let now = 0;
  let came = 0;
  for (let sent = 0; sent < count; sent += PER_READING) {
    const [sealed, start]: [Uint8Array[], number] = [[], cpuUs()];
    for (let i = sent; i < sent + PER_READING; i++) {
      if (i % PER_TURN === 0) sender.handleTimeout((now += TURN_MS));
      sender.write(1, 0, { payload, timestamp: Math.floor(i / PACKETS_PER_FRAME) * 3000, marker: i % PACKETS_PER_FRAME === PACKETS_PER_FRAME - 1 }, now);
    }
    const written = cpuUs();
    for (let datagram = sender.pollWrite(); datagram !== undefined; datagram = sender.pollWrite()) sealed.push(datagram);
    const wrapped = cpuUs();
    for (const [i, datagram] of sealed.entries()) {
      receiver.handleRead(datagram, now);
      if (i % PER_TURN !== PER_TURN - 1) continue;
      while (receiver.pollEvent() !== undefined);
      while (receiver.pollRead() !== undefined) came++;
      receiver.handleTimeout(now);
    }
    sums.write += written - start;
    sums.seal += wrapped - written;
    sums.receive += cpuUs() - wrapped;
    for (let datagram = receiver.pollWrite(); datagram !== undefined; datagram = receiver.pollWrite()) sender.handleRead(datagram, now);
    while (sender.pollEvent() !== undefined || sender.pollRtcp() !== undefined || receiver.pollRtcp() !== undefined);
  }
  if (came < count * 0.99) throw new Error(`${came} of ${count} packets came`);
  return { write: sums.write / count, seal: sums.seal / count, receive: sums.receive / count };
}

const variants = [['SRTP alone', []], ['with the default interceptors', defaultInterceptors()]] as const;
for (const [, interceptors] of variants) measure(interceptors); // the code is warm then
console.log(`µs of CPU per packet of ${PAYLOAD_BYTES + 12} bytes, AES-128-GCM, ${count} packets\n`);
console.log('| | build and pass on | seal | open, route, pass on |\n|---|--:|--:|--:|');
for (const [name, interceptors] of variants) {
  const { write, seal, receive } = measure(interceptors);
  console.log(`| ${name} | ${[write, seal, receive].map((us) => us.toFixed(2)).join(' | ')} |`);
}
