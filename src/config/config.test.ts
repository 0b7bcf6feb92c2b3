import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from './index.js';

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('the configuration', () => {
  it('of nothing is one that starts on this machine alone', () => {
    const config = readConfig({});
    expect(config.publicListener).toEqual({ host: '127.0.0.1', port: 8080 });
    expect(config.adminListener).toEqual({ host: '127.0.0.1', port: 8081 });
    expect(config.database).toEqual({ kind: 'embedded', directory: `${config.dataDirectory}/database` });
    expect(config.masterKey).toEqual({
      kind: 'file',
      path: `${config.dataDirectory}/master-key`,
      createIfMissing: true,
    });
    expect(config.spool).toEqual({
      directory: `${config.dataDirectory}/spool`,
      freeMinBytes: 256 * 1024 * 1024,
    });
    expect(config.dataDirectory.startsWith('/')).toBe(true);
  });

  it('takes an empty variable for one that is not set', () => {
    expect(readConfig({ PORT: '', DATABASE_URL: '', ARCHWAY_MASTER_KEY: '' })).toEqual(readConfig({}));
  });

  it('takes what is set', () => {
    const config = readConfig({
      PORT: ' 80 ',
      ADMIN_PORT: '0',
      HOST: '0.0.0.0',
      DATABASE_URL: 'postgres://user:pass@db/archway',
      ARCHWAY_PUBLIC_URL: 'https://example.com/archway//',
      ARCHWAY_DATA_DIR: '/var/lib/archway',
      ARCHWAY_SPOOL_DIR: '/spool',
      ARCHWAY_SPOOL_FREE_MIN_MB: '1',
      ARCHWAY_MASTER_KEY_FILE: '/run/secrets/key',
    });
    expect(config).toMatchObject({
      publicListener: { host: '0.0.0.0', port: 80 },
      adminListener: { port: 0 },
      publicUrl: 'https://example.com/archway',
      database: { kind: 'postgres', url: 'postgres://user:pass@db/archway' },
      spool: { directory: '/spool', freeMinBytes: 1024 * 1024 },
      masterKey: { kind: 'file', path: '/run/secrets/key', createIfMissing: false },
    });
  });

  it('leaves alone what belongs to others', () => {
    expect(problemsOf({ HOME: '/srv/x', PATH: '/bin', MY_ARCHWAY: 'x' })).toEqual([]);
  });
});

describe('a mistake in the environment', () => {
  const secret = 'hunter2-hunter2';

  it.each([
    ['PORT', 'eighty', 'port number'],
    ['PORT', ' ', 'port number'],
    ['PORT', '0x50', 'port number'],
    ['PORT', '-1', 'port number'],
    ['PORT', '80.5', 'port number'],
    ['ADMIN_PORT', '65536', 'between 0 and 65535'],
    ['ARCHWAY_PUBLIC_URL', 'example.com', 'such as https://archway.example.com'],
    ['ARCHWAY_PUBLIC_URL', 'ftp://example.com', 'http or https'],
    ['ARCHWAY_PUBLIC_URL', 'https://example.com/?a=1', 'without ? or #'],
    ['ARCHWAY_PUBLIC_URL', 'https://example.com/#rc=5', 'without ? or #'],
    ['DATABASE_URL', `mysql://user:${secret}@db/archway`, 'such as postgres://'],
    ['DATABASE_URL', secret, 'such as postgres://'],
    ['ARCHWAY_SPOOL_FREE_MIN_MB', 'lots', 'megabytes'],
    ['ARCHWAY_SPOOL_FREE_MIN_MB', ' ', 'megabytes'],
    ['ARCHWAY_SPOOL_FREE_MIN_MB', '-1', 'megabytes'],
    ['ARCHWAY_ATTACHMENT_MAX_MB', 'huge', 'megabytes'],
    ['ARCHWAY_ALLOW_TEST_ENDPOINTS', 'yes', 'must be 1'],
    ['ARCHWAY_ALERT_SINK_DOWN_MINUTES', 'soon', 'minutes'],
    ['ARCHWAY_ALERT_BEHIND_MINUTES', '0.5', 'minutes'],
    ['ARCHWAY_LOG_LEVEL', 'loud', '"info"'],
    ['ARCHWAY_ADMIN_URL', 'nowhere', 'http or https'],
    ['ARCHWAY_MASTERKEY', secret, 'remove it or correct its spelling'],
    ['ARCHWAY_TOKEN', secret, 'remove it or correct its spelling'],
  ])('in %s (%j) is named with its remedy', (name, value, remedy) => {
    const problems = problemsOf({ [name]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${name} `));
    expect(problems[0]).toContain(remedy);
    expect(problems[0]).not.toContain(secret);
  });

  it('by two master keys is refused, and neither is repeated', () => {
    const [problem, ...others] = problemsOf({
      ARCHWAY_MASTER_KEY: secret,
      ARCHWAY_MASTER_KEY_FILE: `/${secret}`,
    });
    expect(others).toEqual([]);
    expect(problem).toMatch(/ARCHWAY_MASTER_KEY and ARCHWAY_MASTER_KEY_FILE.*keep one/);
    expect(problem).not.toContain(secret);
  });

  it('is told together with all others', () => {
    const problems = problemsOf({
      PORT: 'x',
      ADMIN_PORT: 'y',
      ARCHWAY_NONSENSE: 'z',
      ARCHWAY_LOG_LEVEL: 'w',
    });
    expect(problems.map((problem) => problem.split(' ')[0]).sort()).toEqual([
      'ADMIN_PORT',
      'ARCHWAY_LOG_LEVEL',
      'ARCHWAY_NONSENSE',
      'PORT',
    ]);
  });
});
