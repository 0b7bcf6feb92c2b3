import { Writable } from 'node:stream';
import { DrizzleQueryError } from 'drizzle-orm/errors';
import { describe, expect, it } from 'vitest';
import { createLog, type Log, pluginFault } from './log.js';

const personal = '+12025550123 says: sell everything';

/** What `write` puts into the log. */
function logged(write: (log: Log) => void): string {
  const lines: string[] = [];
  const destination = new Writable({
    write: (line, _, done) => {
      lines.push(String(line));
      done();
    },
  });
  write(createLog({ level: 'trace', destination }));
  return lines.join('');
}

/** As the driver and Drizzle throw it, with values wherever they put them. */
function databaseError(): Error {
  const cause = Object.assign(
    new Error('duplicate key value violates unique constraint "records_by_event"'),
    {
      code: '23505',
      detail: `Key (x)=(${personal}) already exists.`,
      where: personal,
      parameters: [personal],
      query: `select '${personal}'`,
    },
  );
  return new DrizzleQueryError(
    'insert into records values ($1)',
    [personal, `\n    at ${personal}:1:1`],
    cause,
  );
}

describe('the log', () => {
  it('is one JSON object a line, with a time and a level', () => {
    const line = JSON.parse(logged((log) => log.info({ capture: 'id' }, 'A word.')));
    expect(line).toMatchObject({ level: 30, capture: 'id', msg: 'A word.' });
    expect(new Date(line.time).getTime()).toBeGreaterThan(0);
    expect(line).not.toHaveProperty('hostname');
  });

  it.each<[string, (log: Log) => void]>([
    ['as error', (log) => log.error({ error: databaseError() }, 'It failed.')],
    ['as err', (log) => log.error({ err: databaseError() }, 'It failed.')],
    [
      'as the cause of another',
      (log) => log.error({ error: new Error('no', { cause: databaseError() }) }, 'It failed.'),
    ],
  ])('names an error of the database, given %s, without a value of its query', (_, write) => {
    const text = logged(write);
    expect(text).toContain('23505');
    expect(text).toContain('Failed query');
    expect(text).not.toMatch(/2025550123|sell everything|insert into/);
  });

  it('tells where an error was made', () => {
    const text = logged((log) => log.error({ error: new Error('away') }, 'It failed.'));
    const { error } = JSON.parse(text);
    expect(error).toMatchObject({ type: 'Error', message: 'away' });
    expect(error.stack).toContain('log.test.ts');
  });

  it('does not repeat what a plugin says in an error of its own', () => {
    const fault = pluginFault(new TypeError(`cannot read ${personal}\n    at ${personal}:1:1`));
    const text = logged((log) => log.error({ fault }, 'It threw.'));
    expect(text).toContain('TypeError');
    expect(text).toContain('log.test.ts');
    expect(text).not.toMatch(/2025550123|sell everything/);
    expect(pluginFault(personal)).toEqual({ type: 'string' });
  });

  it.each([
    'authorization',
    'body',
    'text',
    'settings',
    'authToken',
    'token',
    'password',
    'apiKey',
    'from',
    'to',
  ])('removes %s wherever it stands', (name) => {
    const text = logged((log) =>
      log.info({ [name]: personal, one: { [name]: personal, two: { [name]: personal } } }, 'A word.'),
    );
    expect(text).toContain('[redacted]');
    expect(text).not.toContain(personal);
  });

  it('does not print what was thrown and is no error', () => {
    expect(logged((log) => log.error({ error: personal }, 'It failed.'))).not.toContain(personal);
  });
});
