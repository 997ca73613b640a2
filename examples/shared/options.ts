import { parseArgs } from 'node:util';

/** One option of an example; its default tells what it takes. */
export interface Option {
  readonly default: string | number | boolean;
  /** One line for `--help`. */
  readonly help: string;
  /** The least that a number may be. Default 0. */
  readonly least?: number;
  /** The most that a number may be. */
  readonly most?: number;
}

type Values<Options extends Record<string, Option>> = {
  [Name in keyof Options]: Options[Name]['default'] extends number ? number : Options[Name]['default'] extends boolean ? boolean : string;
};

const PORT = { port: { default: 8080, most: 65_535, help: 'where the page is served; the next free one when it is taken' } } as const;

function stop(message: string): never {
  console.error(message);
  process.exit(2);
}

function numberOf(name: string, text: string, { least = 0, most = Number.MAX_SAFE_INTEGER }: Option): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < least || value > most) stop(`--${name}=${text}: a whole number from ${least}${most < Number.MAX_SAFE_INTEGER ? ` to ${most}` : ''} was expected.`);
  return value;
}

/**
 * The options of the command line, each as its default is: a number, a text or a switch. What is not known, or makes no
 * sense, ends the program with a line that says so; `--help` shows them all.
 */
export function optionsWithoutPage<const Options extends Record<string, Option>>(options: Options): Values<Options> {
  const names = Object.keys(options);
  const known = (): string => names.map((name) => `  --${`${name}=${options[name]?.default}`.padEnd(24)} ${options[name]?.help}`).join('\n');
  try {
    const { values } = parseArgs({
      options: {
        help: { type: 'boolean' },
        ...Object.fromEntries(names.map((name) => [name, { type: typeof options[name]?.default === 'boolean' ? ('boolean' as const) : ('string' as const) }])),
      },
    });
    if (values.help) {
      console.log(names.length === 0 ? 'There are no options.' : known());
      process.exit(0);
    }
    return Object.fromEntries(
      Object.entries(options).map(([name, option]) => {
        const value = (values as Record<string, string | boolean | undefined>)[name] ?? option.default;
        return [name, typeof option.default === 'number' && typeof value === 'string' ? numberOf(name, value, option) : value];
      }),
    ) as Values<Options>;
  } catch (error) {
    return stop(`${(error as Error).message.split('. ')[0]}. ${names.length === 0 ? 'There are no options.' : `There are:\n${known()}`}`);
  }
}

/** {@link optionsWithoutPage} and `--port`. */
export function optionsOf<const Options extends Record<string, Option>>(options?: Options): Values<Options & typeof PORT> {
  return optionsWithoutPage({ ...PORT, ...options }) as Values<Options & typeof PORT>;
}
