import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compactDuration, compactNtp, msFromCompactDuration, ntpFromUnixMs, unixMsFromNtp } from '../../../src/core/index.ts';

test('A-JS-07 NTP timestamps: eras, fractions, the middle 32 bits (RFC 3550 4)', () => {
  assert.deepEqual(ntpFromUnixMs(0), { seconds: 2_208_988_800, fraction: 0 });
  assert.deepEqual(ntpFromUnixMs(500), { seconds: 2_208_988_800, fraction: 0x8000_0000 });
  assert.deepEqual(ntpFromUnixMs(2_085_978_496_000), { seconds: 0, fraction: 0 }, '2036-02-07, the second era');
  for (const ms of [0, 0.25, 999.75, 1_763_809_471_250, 2_085_978_495_999, 2_085_978_496_000, 4_000_000_000_000]) {
    assert.ok(Math.abs(unixMsFromNtp(ntpFromUnixMs(ms)) - ms) < 0.001, `${ms}`);
  }
  assert.equal(compactNtp({ seconds: 0x1234_8765, fraction: 0x4321_ffff }), 0x8765_4321);
  assert.equal(compactNtp({ seconds: 0xffff_ffff, fraction: 0xffff_ffff }), 0xffff_ffff);
  assert.equal(compactDuration(1000), 65_536);
  assert.equal(compactDuration(-5), 0);
  assert.equal(compactDuration(1e12), 0xffff_ffff);
  assert.equal(msFromCompactDuration(65_536), 1000);
});
