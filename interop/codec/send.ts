// Our payloads into ffmpeg's RTP demuxer.
import { createHash } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPacketizer, type Sample, splitNalUnits } from '../../src/codec/index.ts';
import { encodeRtcp } from '../../src/rtcp/index.ts';
import { ffmpeg } from './ffmpeg.ts';

const SSRC = 0x1234_5678;
const PAYLOAD_TYPE = 96;

/** How formats are described (RFC 8866), and which muxer shows what ffmpeg made of them. */
const FORMATS: Readonly<Record<string, { readonly media: string; readonly muxer: string; readonly fmtp?: string }>> = {
  H264: { media: 'video H264/90000', muxer: 'h264', fmtp: 'packetization-mode=1' },
  H265: { media: 'video H265/90000', muxer: 'hevc' },
  VP8: { media: 'video VP8/90000', muxer: 'framemd5' },
  VP9: { media: 'video VP9/90000', muxer: 'framemd5' },
  opus: { media: 'audio opus/48000/2', muxer: 'framemd5' },
  PCMU: { media: 'audio PCMU/8000', muxer: 'mulaw' },
  G722: { media: 'audio G722/8000', muxer: 'g722' },
};

/** Two free ports in a row, the first even (RFC 3550 11). */
async function freePortPair(): Promise<number> {
  for (;;) {
    const [rtp, rtcp] = [createSocket('udp4'), createSocket('udp4')];
    try {
      await bound(rtp, 0);
      const { port } = rtp.address();
      if (port % 2 === 1) continue;
      await bound(rtcp, port + 1);
      return port;
    } catch {
      // Somebody has the second port; other two will do.
    } finally {
      rtp.close();
      rtcp.close();
    }
  }
}

async function bound(socket: Socket, port: number): Promise<void> {
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
}

/** Waits until somebody else has a port. */
async function taken(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    await sleep(100);
    const socket = createSocket('udp4');
    try {
      await bound(socket, port);
    } catch {
      return;
    } finally {
      socket.close();
    }
  }
  throw new Error('ffmpeg does not listen');
}

/** Sends frames to ffmpeg and compares what it receives. Rejects when that differs. */
export async function sendFrames(codec: string, samples: readonly Sample[], maxPayloadBytes: number, folder: string): Promise<string> {
  const format = FORMATS[codec] as (typeof FORMATS)[string];
  const port = await freePortPair();
  const description = join(folder, 'session.sdp');
  const output = join(folder, 'received');
  const [kind, name] = format.media.split(' ');
  const lines = ['v=0', 'o=- 0 0 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0', `m=${kind} ${port} RTP/AVP ${PAYLOAD_TYPE}`, `a=rtpmap:${PAYLOAD_TYPE} ${name}`];
  if (format.fmtp !== undefined) lines.push(`a=fmtp:${PAYLOAD_TYPE} ${format.fmtp}`);
  await writeFile(description, `${lines.join('\r\n')}\r\n`);
  const sent = taken(port + 1).then(() => send(codec, samples, maxPayloadBytes, port));
  const received = ffmpeg(['-protocol_whitelist', 'file,udp,rtp', '-reorder_queue_size', '0', '-i', description, '-c', 'copy', '-copyinkf', '-f', format.muxer, output]);
  const [packets] = await Promise.all([sent, received]);
  return `${packets} packets back: ${compare(format.muxer, samples, await readFile(output))}`;
}

async function send(codec: string, samples: readonly Sample[], maxPayloadBytes: number, port: number): Promise<number> {
  const rtp = createSocket('udp4');
  const packetizer = createPacketizer(codec, { maxPayloadBytes, headroomBytes: 12, firstPictureId: 0x7ff0 });
  let sequenceNumber = 65_500;
  let packets = 0;
  try {
    for (const { data, timestamp } of samples) {
      for (const { payload, marker, timestampOffset } of packetizer.packetize(data)) {
        // The header goes into the room before the payload.
        const packet = Buffer.from(payload.buffer, payload.byteOffset - 12, 12 + payload.length);
        packet.writeUInt8(0x80, 0);
        packet.writeUInt8((marker ? 0x80 : 0) | PAYLOAD_TYPE, 1);
        packet.writeUInt16BE(sequenceNumber, 2);
        packet.writeUInt32BE((timestamp + timestampOffset) >>> 0, 4);
        packet.writeUInt32BE(SSRC, 8);
        rtp.send(packet, port, '127.0.0.1');
        sequenceNumber = (sequenceNumber + 1) & 0xffff;
        packets++;
      }
      await sleep(5);
    }
    await sleep(200);
    // It ends when the last source says that it leaves (RFC 3550 6.6).
    rtp.send(encodeRtcp([{ type: 'rr', ssrc: SSRC, reports: [] }, { type: 'bye', ssrcs: [SSRC] }]), port + 1, '127.0.0.1');
    await sleep(10);
  } finally {
    rtp.close();
  }
  return packets;
}

function compare(muxer: string, samples: readonly Sample[], received: Buffer): string {
  if (muxer === 'h264' || muxer === 'hevc') {
    const expected = samples.flatMap(({ data }) => splitNalUnits(data));
    const got = splitNalUnits(received);
    return same(expected.map((unit) => Buffer.from(unit).toString('hex')), got.map((unit) => Buffer.from(unit).toString('hex')), 'NAL units');
  }
  if (muxer === 'framemd5') {
    const got = received.toString().split('\n').flatMap((line) => (line.startsWith('#') || line === '' ? [] : [line.split(',').at(5)?.trim() ?? '']));
    return same(samples.map(({ data }) => createHash('md5').update(data).digest('hex')), got, 'frames');
  }
  const expected = Buffer.concat(samples.map(({ data }) => data));
  if (!expected.equals(received)) throw new Error(`${received.length} bytes came back, ${expected.length} were sent`);
  return `${received.length} bytes the same`;
}

function same(expected: readonly string[], got: readonly string[], what: string): string {
  const different = expected.findIndex((one, i) => one !== got[i]);
  if (got.length !== expected.length || different >= 0) throw new Error(`${got.length} ${what} came back, ${expected.length} were sent; the first that differs is ${different}`);
  return `${got.length} ${what} the same`;
}
