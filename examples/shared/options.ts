import { basename, dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { plain, readmeOf } from './readme.ts';
import { stop } from './stop.ts';

/** One option of an example; its default tells what it takes. */
export interface Option {
  readonly default: string | number | boolean;
  /** One line for `--help`. */
  readonly help: string;
  /** The least that a number may be. Default 0. */
  readonly least?: number;
  /** The most that a number may be. */
  readonly most?: number;
  /** What a text may be, where not anything. */
  readonly choices?: readonly string[];
}

type Value<One extends Option> = One['default'] extends number ? number : One['default'] extends boolean ? boolean : One extends { readonly choices: readonly (infer Choice)[] } ? Choice : string;
type Values<Options extends Record<string, Option>> = { [Name in keyof Options]: Value<Options[Name]> };

const PORT = { port: { default: 8080, most: 65_535, help: 'where the page is served; the next free one when it is taken' } } as const;

function numberOf(name: string, text: string, { least = 0, most = Number.MAX_SAFE_INTEGER }: Option): number {
  const value = Number(text);
  const range = most < Number.MAX_SAFE_INTEGER ? `from ${least} to ${most}` : `of at least ${least}`;
  return text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most ? value : stop(`--${name}=${text}: a whole number ${range} was expected.`);
}

function textOf(name: string, text: string, { choices }: Option): string {
  return choices === undefined || choices.includes(text) ? text : stop(`--${name}=${text}: ${choices.join(' or ')} was expected.`);
}

/** What `--help` shows of the options. */
function list(options: Record<string, Option>): string {
  const lines = Object.entries(options).map(([name, { default: value, help }]) => `  ${(typeof value === 'boolean' ? `--${name}` : `--${name}=${value}`).padEnd(26)} ${help}`);
  return lines.length === 0 ? 'There are no options.' : `Options:\n${lines.join('\n')}`;
}

/** npm takes for itself what does not stand behind a `--`. */
function checkNpm(options: Record<string, Option>): void {
  for (const name of Object.keys(options)) {
    const value = process.env[`npm_config_${name}`];
    if (value !== undefined) stop(`npm took --${name} for one of its own options. Put -- before it: npm run example NAME -- --${name}${value === 'true' ? '' : `=${value}`}`);
  }
}

/**
 * The options of the command line, each as its default is: a number, a text or a switch. What is not known, or makes no
 * sense, ends the program with a line that says so; `--help` shows them all.
 */
export function optionsWithoutPage<const Options extends Record<string, Option>>(options: Options): Values<Options> {
  checkNpm(options);
  const types = Object.entries(options).map(([name, { default: value }]) => [name, { type: typeof value === 'boolean' ? ('boolean' as const) : ('string' as const) }]);
  let given: Readonly<Record<string, unknown>>;
  try {
    given = parseArgs({ options: { help: { type: 'boolean' }, ...Object.fromEntries(types) } }).values;
  } catch (error) {
    return stop(`${(error as Error).message.split('. ')[0]}. ${list(options)}`);
  }
  if (given.help) {
    const folder = dirname(process.argv[1] ?? '');
    console.log(`${basename(folder)}: ${plain(readmeOf(pathToFileURL(`${folder}/`)).about)}\n\n${list(options)}`);
    process.exit(0);
  }
  const valueOf = (name: string, option: Option): string | number | boolean => {
    const value = given[name];
    if (typeof value !== 'string') return value === true ? value : option.default;
    return typeof option.default === 'number' ? numberOf(name, value, option) : textOf(name, value, option);
  };
  return Object.fromEntries(Object.entries(options).map(([name, option]) => [name, valueOf(name, option)])) as Values<Options>;
}

/** {@link optionsWithoutPage} and `--port`. */
export function optionsOf<const Options extends Record<string, Option>>(options?: Options): Values<Options & typeof PORT> {
  return optionsWithoutPage({ ...PORT, ...options }) as Values<Options & typeof PORT>;
}
