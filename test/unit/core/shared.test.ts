import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedSettings } from '../../../src/core/index.ts';
import { settingsOf } from '../../../src/ice/config.ts';
import { resolveSctpConfig } from '../../../src/sctp/config.ts';

test('settings with the values of the last ones are the last ones, and others stay as they are', () => {
  const shared = new SharedSettings<{ readonly rate: number; readonly name: string | undefined }>();
  const first = shared.share({ rate: 1, name: undefined });
  assert.equal(shared.share({ rate: 1, name: undefined }), first);
  const other = shared.share({ rate: 2, name: undefined });
  assert.deepEqual(other, { rate: 2, name: undefined });
  assert.deepEqual(shared.share({ rate: 2, name: 'x' }), { rate: 2, name: 'x' });
  assert.deepEqual(first, { rate: 1, name: undefined });
});

test('connections configured alike share their settings, and what one sets is not another’s', () => {
  const plain = resolveSctpConfig({});
  assert.equal(resolveSctpConfig({ mtuBytes: 1200 }), plain); // the default
  assert.equal(resolveSctpConfig({ mtuBytes: 1300 }).mtuBytes, 1300);
  assert.equal(resolveSctpConfig({}).mtuBytes, 1200);
  const credentials = { usernameFragment: 'abcd', password: 'a'.repeat(22) };
  const settings = settingsOf({ controlling: true, credentials });
  assert.equal(settingsOf({ controlling: false, credentials }), settings);
  assert.equal(settingsOf({ controlling: true, credentials, lite: true }).lite, true);
  assert.equal(settingsOf({ controlling: true, credentials }).lite, false);
});
