// Prints what congestion control does on paths of many kinds, in virtual time.
// Usage: node --import tsx tools/congestion.ts [part of a name …] [--seed 2] [--trace]
import { type CallResult, runCall } from '../test/support/congestion.ts';
import { congestionTable, SCENARIOS } from '../test/support/congestion-scenarios.ts';

const args = process.argv.slice(2);
const seedAt = args.indexOf('--seed');
const seed = seedAt < 0 ? 1 : Number(args[seedAt + 1]);
const names = args.filter((arg, i) => !arg.startsWith('--') && (seedAt < 0 || i !== seedAt + 1));
const results: CallResult[] = [];
for (const scenario of SCENARIOS) {
  if (names.length > 0 && !names.some((name) => scenario.name.includes(name))) continue;
  const result = await runCall({ ...scenario, seed });
  results.push(result);
  if (!args.includes('--trace')) continue;
  console.log(scenario.name);
  for (const { at, targetBps } of result.samples.filter((_, i) => i % 10 === 9)) console.log(`${(at / 1000).toFixed(1).padStart(6)} s ${(targetBps / 1e6).toFixed(3)}`);
}
console.log(congestionTable(results));
