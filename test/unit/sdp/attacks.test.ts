import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codecsOf, type MediaSection, parseParameters, parseSdp } from '../../../src/sdp/index.ts';

const HEAD = 'v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n';

/** The CPU time that something takes at best, in ms: what else the machine does is not its fault. */
function fastest(run: () => void): number {
  let best = Infinity;
  for (let i = 0; i < 5; i++) {
    const start = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / 1000);
  }
  return best;
}

function refuses(text: string): void {
  assert.throws(() => parseSdp(text), { code: 'ERR_SDP_SYNTAX' });
}

test('A-SDP-01 parser bombs are refused in far less than half a second', () => {
  const bombs = [
    'a'.repeat(10 * 1_048_576),
    HEAD + 'm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n'.repeat(100_000),
    HEAD + 'a=x\r\n'.repeat(1_000_000),
    HEAD + 'm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n'.repeat(30_000),
    HEAD + 'a=x\r\n'.repeat(200_000),
    `${HEAD}a=${'x'.repeat(1_000_000)}\r\n`,
    `${HEAD}m=audio 9 UDP/TLS/RTP/SAVPF${' 0'.repeat(500_000)}\r\n`,
    HEAD + '\r\n'.repeat(500_000) + 'x',
  ];
  for (const bomb of bombs) assert.ok(fastest(() => refuses(bomb)) < 500);
});

test('A-SDP-02 rtpmap, fmtp and feedback lines are matched in linear time', () => {
  const make = (count: number): string => {
    let text = `${HEAD}m=video 9 UDP/TLS/RTP/SAVPF ${Array.from({ length: count }, (_, i) => i % 128).join(' ')}\r\n`;
    for (let i = 0; i < count; i++) text += `a=rtpmap:${i % 128} VP8/90000\r\na=fmtp:${i % 128} a=${i}\r\na=rtcp-fb:${i % 128} nack\r\n`;
    return text;
  };
  const limits = { maxFormats: 100_000, maxLines: 200_000, maxLineLength: 1_000_000, maxLength: 10_000_000 };
  const time = (count: number): number => {
    const text = make(count);
    return fastest(() => parseSdp(text, limits));
  };
  time(2500);
  const [short, long] = [time(5000), time(40_000)];
  assert.ok(long <= 32 * short, `${long} ms, ${short} ms for an eighth of the lines`); // caches and the collector make up to 14 times of it; the square would be 64
  const [section] = parseSdp(make(128)).media;
  assert.equal(codecsOf(section as MediaSection).length, 128);
});

test('A-JS-02 names of the peer never reach a prototype', () => {
  const text = `${HEAD}a=__proto__:x\r\na=constructor:y\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:__proto__\r\na=rtpmap:96 VP8/90000\r\na=fmtp:96 __proto__=1;constructor=2;polluted=3\r\n`;
  const { session, media } = parseSdp(text);
  const [codec] = codecsOf(media[0] as MediaSection);
  assert.deepEqual([...(codec?.parameters ?? [])], [['__proto__', '1'], ['constructor', '2'], ['polluted', '3']]);
  assert.deepEqual([session.attribute('__proto__'), session.attribute('constructor'), session.attribute('toString')], ['x', 'y', undefined]);
  assert.equal(parseParameters(['__proto__.polluted=1']).size, 1);
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
});

test('A-JS-11 one MiB of any repeated character is read in linear time', () => {
  for (const filler of ['a', ';', ' ', '1', ':', '/', '=', 'é', '.']) {
    for (const name of ['fmtp:96 ', 'candidate:', 'group:BUNDLE ', 'group:LS ', 'rtpmap:', 'extmap:', 'fingerprint:', 'ice-options:', 'ssrc-group:FID ', 'ptime:', 'x:']) {
      const text = `${HEAD}m=video 9 UDP/TLS/RTP/SAVPF 96\r\n${`a=${name}${filler.repeat(16_000)}\r\n`.repeat(65)}`.slice(0, 1_048_000);
      const limits = { maxLineLength: 1_048_576 };
      const elapsed = fastest(() => {
        try {
          for (const section of parseSdp(text, limits).media) codecsOf(section);
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'ERR_SDP_SYNTAX');
        }
      });
      assert.ok(elapsed < 200, `${name}${filler}: ${elapsed} ms`);
    }
  }
});
