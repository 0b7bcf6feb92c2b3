import { expect } from 'vitest';
import { archway } from '../support/command-line.js';
import type { GatewayProcess } from '../support/gateway-process.js';
import type { BotApiServer } from './bot-api-server.js';

export const token = '5550100:AAmadeUpTokenForTests-0123456789abcdef';

export async function addBot(gateway: GatewayProcess, api: BotApiServer, ...settings: string[]) {
  const all = [`token=${token}`, `apiBaseUrl=${api.url}`, ...settings].flatMap((each) => ['--set', each]);
  const { code, stderr } = await archway(gateway, 'account', 'add', 'telegram', '--name', 'bot', ...all);
  expect(stderr).toBe('');
  expect(code).toBe(0);
}
