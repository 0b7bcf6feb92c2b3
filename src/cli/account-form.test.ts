import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { until } from '../../test/support/until.js';
import { run } from './main.js';
import { apiKey, Collector, FakeApi } from './testing.js';

const field = (name: string, given: object = {}) => ({
  name,
  description: `What ${name} is.`,
  required: false,
  secret: false,
  kind: 'text',
  choices: [],
  default: null,
  ...given,
});

const connector = {
  id: 'carrier',
  title: 'Carrier',
  version: '1',
  origin: 'built-in',
  secrets: ['token'],
  fields: [
    field('token', { required: true, secret: true }),
    field('numbers', { required: true, kind: 'list' }),
    field('mode', { kind: 'choice', choices: ['fast', 'slow'], default: 'fast' }),
    field('apiBaseUrl'),
  ],
  endpoints: [],
  capabilities: { events: [], blindSpots: [] },
};

const enter = '\r';
const down = '\u001b[B';

/** A person at a terminal, who answers each question when it is asked. */
async function atTerminal(argv: string[], answers: readonly (readonly [question: string, answer: string])[]) {
  await using api = await FakeApi.start({
    'GET /v1/connectors': { body: { data: [connector], next: null } },
    'POST /v1/accounts': { status: 201, body: { id: 'a1', name: 'x', connector: 'carrier', webhooks: {} } },
  });
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => stdin });
  const stdout = Object.assign(new Collector(), { isTTY: true, columns: 100, rows: 40 });
  const stderr = new Collector();
  const environment = { ARCHWAY_ADMIN_URL: api.url, ARCHWAY_API_KEY: apiKey };
  const running = run(argv, { stdin, stdout, stderr, environment });
  for (const [question, answer] of answers) {
    await until(() => stdout.text.includes(question));
    stdin.write(answer);
  }
  const exitCode = await running;
  return {
    exitCode,
    shown: stdout.text,
    error: stderr.text,
    posted: api.seen.find(({ method }) => method === 'POST'),
  };
}

describe('archway account add on a terminal', () => {
  it('asks for what the connector needs, and shows no secret', async () => {
    const { exitCode, shown, posted } = await atTerminal(
      ['account', 'add'],
      [
        ['Which connector?', enter],
        ['Name of the account', `desk${enter}`],
        ['token: What token is.', `tok-made-up${enter}`],
        ['numbers: What numbers is. Several with commas', `+14155550100,+14155550101${enter}`],
        ['mode: What mode is.', `${down}${enter}`],
        ['apiBaseUrl: What apiBaseUrl is.', enter],
      ],
    );
    expect(exitCode).toBe(0);
    expect(posted?.body).toEqual({
      connector: 'carrier',
      name: 'desk',
      settings: { token: 'tok-made-up', numbers: '+14155550100,+14155550101', mode: 'slow' },
    });
    expect(shown).not.toContain('tok-made-up');
  });

  it('does not take a blank for what is needed', async () => {
    const { posted } = await atTerminal(
      ['account', 'add', 'carrier', '--name', 'desk'],
      [
        ['token: What token is.', enter],
        ['This one is needed.', `tok-made-up${enter}`],
        ['numbers: ', `+14155550100${enter}`],
        ['mode: ', enter],
        ['apiBaseUrl: ', enter],
      ],
    );
    expect(posted?.body).toMatchObject({ settings: { token: 'tok-made-up', mode: 'fast' } });
  });

  it('adds nothing when the person gives up, or names no connector that there is', async () => {
    const givenUp = await atTerminal(['account', 'add'], [['Which connector?', '\u0003']]);
    expect(givenUp).toMatchObject({ exitCode: 2, posted: undefined });
    const unknown = await atTerminal(['account', 'add', 'telegraph'], []);
    expect(unknown).toMatchObject({ exitCode: 2, posted: undefined });
    expect(unknown.error).toContain('There are: carrier.');
  });

  it('asks nothing where settings are given, or nobody is there to answer', async () => {
    const given = await atTerminal(['account', 'add', 'carrier', '--set', 'token=x'], []);
    expect(given.posted?.body).toEqual({ connector: 'carrier', name: 'carrier', settings: { token: 'x' } });
    const stdout = new Collector();
    const stderr = new Collector();
    await using api = await FakeApi.start({});
    const environment = { ARCHWAY_ADMIN_URL: api.url, ARCHWAY_API_KEY: apiKey };
    expect(await run(['account', 'add'], { stdout, stderr, environment })).toBe(2);
    expect(stderr.text).toContain('archway connector list');
  });
});
