import type { Config } from '../config/index.js';
import { type Gateway, startGateway } from '../gateway/index.js';
import { createLog } from '../telemetry/log.js';

const leftBehindMs = 1_000;

/** A shutdown that takes longer is cut off; what was not finished is taken up again by the next start. */
const shutdownMaxMs = 25_000;

/** Runs a gateway until SIGTERM or SIGINT. Returns the exit code. */
export async function serve(config: Config): Promise<number> {
  const log = createLog({ level: config.logLevel });
  const gateway = await startGateway(config, log);
  process.stdout.write(banner(gateway, config));
  const end = await Promise.race([stopSignal(), gateway.failed]);
  if (end instanceof Error) log.fatal({ error: end }, 'The embedded database died; start again to recover.');
  else log.info({ signal: end }, 'Stopping: no new requests, then what is in hand.');
  const timer = setTimeout(() => {
    log.error('The shutdown took too long; the rest is left to the next start.');
    process.exit(1);
  }, shutdownMaxMs);
  await gateway.stop();
  clearTimeout(timer);
  log.info('Stopped.');
  const exitCode = end instanceof Error ? 1 : 0;
  // Timers that a plugin's library has left behind must not keep the process.
  setTimeout(() => process.exit(exitCode), leftBehindMs).unref();
  return exitCode;
}

function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  });
}

function banner({ publicListener, adminListener, publicUrl, firstStart }: Gateway, config: Config): string {
  const lines = [
    '',
    'Archway is running.',
    `  webhooks   ${publicListener.url}   (providers reach it as ${publicUrl})`,
    `  private    ${adminListener.url}   (API, /metrics, /readyz)`,
    `  data       ${config.dataDirectory}`,
  ];
  if (firstStart.archiveDirectory !== undefined) lines.push(`  archive    ${firstStart.archiveDirectory}`);
  if (firstStart.adminKey !== undefined) {
    lines.push(
      '',
      'This is the first start. The admin API key, shown only now:',
      `  ${firstStart.adminKey}`,
      `It is also in ${config.dataDirectory}/admin-key, where the command line finds it.`,
      'Keep a copy of the master key apart from the data: without it nothing can be read.',
    );
  }
  lines.push('', 'Next:', ...nextSteps(config), '');
  return `${lines.join('\n')}\n`;
}

function nextSteps(config: Config): string[] {
  const publicUrl =
    config.publicUrl === undefined
      ? ['  - set ARCHWAY_PUBLIC_URL to the https address that providers will post to']
      : [];
  return [
    ...publicUrl,
    '  - archway account add twilio-sms --name desk --set accountSid=AC… --set authToken=@file --set numbers=+1…',
    '  - archway messages     what was said',
    '  - archway doctor       what is wrong, and what to do',
  ];
}
