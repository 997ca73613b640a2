import { assert, type ExampleTest, equal, hasLine, linesOf, pageTest, write } from './tools.ts';

export const dataChannelTests: readonly ExampleTest[] = [
  pageTest('data-channels-simple', async ({ page, program }) => {
    await write(page, 'form', 'hello, täst');
    await hasLine(page, 'log', /^You said: hello, täst$/);
    equal(await linesOf(page, 'log'), ['hello, täst', 'You said: hello, täst'], 'the page shows');
    assert(program.output.includes('chat: hello, täst'), 'the terminal does not show the words');
    return 'words come back, and are in the terminal';
  }),
];
