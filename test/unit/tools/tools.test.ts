import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exportsOf } from '../../../tools/api-report.ts';
import { idsIn, readCatalogue } from '../../../tools/attacks.ts';
import { checkLayers, forbiddenIn, graphMermaid, graphText, importsOf, judgeImport, ROOMS } from '../../../tools/layers.ts';
import { environmentFor, parseArguments, runFiles } from '../../../tools/test.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

function inFolder<T>(files: Readonly<Record<string, string>>, use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'sansrtc-tools-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('imports may point down and not up, sideways, out of src or to packages', () => {
  const judge = (file: string, specifier: string): string | undefined => judgeImport({ file, line: 1, specifier });
  for (const [file, specifier] of [
    ['ice/agent.ts', '../core/index.ts'], ['ice/agent.ts', '../stun/index.ts'], ['dtls/v12/client.ts', '../record/header.ts'], ['dtls/v12/client.ts', '../../core/bytes.ts'],
    ['peer/peer.ts', '../sctp/index.ts'], ['core/address.ts', 'ipaddr.js'], ['crypto/node.ts', 'node:crypto'], ['crypto/pure.ts', '@noble/curves/nist.js'], ['sim/world.ts', '../api/index.ts'],
  ] as const) assert.equal(judge(file, specifier), undefined, `${file} ${specifier}`);
  for (const [file, specifier] of [
    ['core/bytes.ts', '../stun/index.ts'], ['stun/packets.ts', '../ice/index.ts'], ['dtls/machine.ts', '../sctp/index.ts'], ['sctp/machine.ts', '../datachannel/index.ts'],
    ['ice/agent.ts', 'node:dgram'], ['ice/agent.ts', 'ipaddr.js'], ['core/address.ts', '@noble/hashes/sha2.js'], ['peer/peer.ts', '../crypto/node.ts'], ['peer/peer.ts', '../runtime/runtime.ts'],
    ['driver/driver.ts', '../api/index.ts'], ['api/index.ts', '../sim/index.ts'], ['ice/agent.ts', '../../tools/layers.ts'], ['ice/agent.ts', './pair.js'], ['attic/a.ts', './b.ts'],
  ] as const) assert.notEqual(judge(file, specifier), undefined, `${file} ${specifier}`);
});

test('no room may reach itself by way of others', () => {
  const reach = (room: string, seen: Set<string>): Set<string> => {
    for (const next of ROOMS[room]?.imports ?? []) if (!seen.has(next)) reach(next, seen.add(next));
    return seen;
  };
  for (const room of Object.keys(ROOMS)) assert.ok(!reach(room, new Set()).has(room), room);
});

test('imports are found however they are written, and not in comments', () => {
  const code = `
    import a from './a.ts';
    import {
      b,
    } from "./b.ts";
    export { c } from './c.ts'; export * from './d.ts'; import type { E } from './e.ts';
    import './f.ts';
    const g = await import('./g.ts');
    // import x from './x.ts';
    /* export * from './y.ts'; */`;
  assert.deepEqual(importsOf('stun/z.ts', code).map(({ specifier }) => specifier.slice(2, 3)).sort(), ['a', 'b', 'c', 'd', 'e', 'f', 'g']);
  assert.equal(importsOf('stun/z.ts', code).find(({ specifier }) => specifier === './b.ts')?.line, 5);
});

test('clocks, chance and promises are found in code, and not in comments or strings', () => {
  const bad = ['Date.now()', 'Math.random()', 'new Promise(f)', 'async function f() {}', 'await x', 'setTimeout(f)', 'console.log(1)', 'globalThis.x', 'process.env'];
  for (const line of bad) assert.equal(forbiddenIn('src/stun/a.ts', `let x;\n${line};`).length, 1, line);
  for (const line of ['// Date', '/* await */', "'Math.random'", '`Promise`', 'updateDate()', 'asyncMode', 'notAwaited', 'this.processed.x']) {
    assert.deepEqual(forbiddenIn('src/stun/a.ts', line), [], line);
  }
});

test('the check of a source tree reports the line, and draws the graph', () => {
  inFolder(
    {
      'core/index.ts': 'export const a: number = 1;\n',
      'stun/index.ts': "export { a } from '../core/index.ts';\n",
      'ice/index.ts': "import '../core/index.ts';\nimport '../stun/index.ts';\nimport '../dtls/index.ts';\nexport const at: number = Date.now();\n",
    },
    (folder) => {
      const report = checkLayers(folder);
      assert.deepEqual(report.problems, ['src/ice/index.ts:3: ice (layer 2) must not import dtls', 'src/ice/index.ts:4: the core must not use Date']);
      assert.match(graphText(report), /^L0 core +→ nothing\nL1 stun +→ core 1\nL2 ice +→ /);
      assert.equal(graphMermaid(report), 'graph TD\n  ice --> dtls\n  ice --> stun\n  stun --> core');
    },
  );
});

test('attack rows are read from the catalogue, and ids from the names of tests alone', () => {
  const rows = readCatalogue(readFileSync(join(root, 'test/ATTACKS.md'), 'utf8'));
  assert.ok(rows.length > 100);
  assert.deepEqual(rows.find(({ id }) => id === 'A-SCTP-20'), { id: 'A-SCTP-20', area: 'A-SCTP', title: 'zero-window deadlock' });
  assert.equal(new Set(rows.map(({ id }) => id)).size, rows.length);
  const code = ["test('A-JS-01 and A-JS-02: it\\'s A-JS-03', f)", 'test.skip(`A-JS-04`, f)', '// A-JS-05', "it(\n  `A-JS-06 ${x}`)", 'test.todo("A-JS-07")', "const A = 'A-JS-08'"].join('\n');
  assert.deepEqual(idsIn(code), ['A-JS-01', 'A-JS-02', 'A-JS-03', 'A-JS-06']);
});

test('the report of an interface follows re-exports and leaves private members and comments out', () => {
  inFolder(
    {
      'index.d.ts': "export { type A, b as c } from './a.js';\nexport * from './d.js';\n",
      'a.d.ts': '/** What it is. */\nexport interface A {\n    /** x */\n    readonly x: number;\n}\nexport declare function b(a: A): void;\nexport declare function b(a: string): void;\n',
      'd.d.ts': 'interface Hidden {\n}\nexport declare class D {\n    #private;\n    y(): Hidden;\n}\n',
    },
    (folder) => {
      const found = exportsOf(join(folder, 'index.d.ts'));
      assert.deepEqual([...found.keys()].sort(), ['A', 'D', 'c']);
      assert.equal(found.get('A')?.text, 'interface A {\n    readonly x: number;\n}');
      assert.equal(found.get('c')?.text, 'function b(a: A): void;\nfunction b(a: string): void;');
      assert.equal(found.get('D')?.text, 'class D {\n    y(): Hidden;\n}');
    },
  );
});

test('arguments of the test runner: phases, names, options', () => {
  assert.deepEqual(parseArguments(['sim', '--seeds', '1000']).phases, ['sim']);
  assert.deepEqual(environmentFor('sim', parseArguments(['sim', '--seeds', '1000']).options), { SIM_SEEDS: '1000' });
  assert.deepEqual(environmentFor('sim', parseArguments(['sim', '--', '--first-seed=7', '--trace']).options), { SIM_FIRST_SEED: '7', SIM_TRACE: '1' });
  const interop = parseArguments(['interop', 'chromium', 'firefox']);
  assert.deepEqual([interop.phases, interop.names], [['interop'], ['chromium', 'firefox']]);
  assert.deepEqual(parseArguments(['unit', 'sim', 'ice']).phases, ['unit', 'sim']);
  assert.deepEqual([...parseArguments([]).phases], ['check', 'unit', 'conformance', 'fuzz', 'package', 'sim', 'interop', 'examples']);
});

/** Runs test files as the runner does: what it counted, and what it printed. */
async function runTests(context: TestContext, files: Readonly<Record<string, string>>): Promise<{ passed: number; failed: number; skipped: number; output: string }> {
  const lines: string[] = [];
  for (const method of ['log', 'error'] as const) context.mock.method(console, method, (text: string) => void lines.push(text));
  const folder = mkdtempSync(join(tmpdir(), 'sansrtc-tools-'));
  const paths = Object.entries(files).map(([name, text]) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  });
  try {
    return { ...(await runFiles(paths, { live: false, timeoutMs: 60_000 })), output: lines.join('\n') };
  } finally {
    context.mock.restoreAll();
    rmSync(folder, { recursive: true, force: true });
  }
}

const GOOD = "import { test } from 'node:test'; test('a', () => {}); test('b', () => {}); test('c', { skip: true }, () => {});";

test('the runner counts what passed and failed over all files of a process, and shows failures in full', async (context) => {
  const bad = "import { test } from 'node:test'; test('wrong', () => { throw new Error('the reason'); });";
  const { passed, failed, skipped, output } = await runTests(context, { 'bad.test.mjs': bad, 'good.test.mjs': GOOD });
  assert.deepEqual([passed, failed, skipped], [2, 1, 1]);
  assert.match(output, /✖ wrong\n.*bad\.test\.mjs\n.*Error: the reason/);
});

test('a test file that ends the process, and one that does not parse, count as failed, are named, and hide no other', async (context) => {
  const dies = "import { test } from 'node:test'; test('ends too early', () => process.exit(0)); test('wrong', () => { throw 1; });";
  const { passed, failed, output } = await runTests(context, { 'dies.test.mjs': dies, 'broken.test.mjs': 'this is no program', 'good.test.mjs': GOOD });
  assert.deepEqual([passed, failed], [2, 2]);
  for (const name of ['dies', 'broken']) assert.match(output, new RegExp(`^✖ \\S+${name}\\.test\\.mjs(?:$|:)`, 'm'));
});
