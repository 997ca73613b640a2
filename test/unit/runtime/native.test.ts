import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nativeRuntime } from 'sansrtc/runtime/native';
import { defaultRuntime } from '../../../src/runtime/index.ts';

test('the export conditions of the package choose the runtime that the platform`s features choose', () => {
  assert.equal(nativeRuntime().name, defaultRuntime().name);
});
