import { createHmac } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalBytes } from '../../core/canonical.js';
import { type Envelope, envelopeSchema } from '../../sdk/index.js';
import type { CallApi } from './api.js';

export interface Check {
  readonly what: string;
  readonly ok: boolean;
}

/** What a visitor can check with nothing but the archive's files, and what must not be found in the data directory. */
export async function checkArchive(
  archive: string,
  expected: { records: number; messages: number },
): Promise<Check[]> {
  const envelopes = await readEnvelopes(archive);
  const sequences = envelopes.map(({ skeleton }) => skeleton.sequence).sort((left, right) => left - right);
  return [
    {
      what: `${expected.records} records in the archive, numbered 1 to ${expected.records} without a hole`,
      ok:
        sequences.length === expected.records && sequences.every((sequence, index) => sequence === index + 1),
    },
    {
      what: `${expected.messages} messages, each exactly once (one was delivered twice)`,
      ok: count(envelopes, 'message') === expected.messages,
    },
    { what: 'an opt-out and an opt-in are records of their own', ok: count(envelopes, 'consent') === 2 },
    {
      what: 'every file holds the digest of its own content, under its own salt',
      ok: envelopes.every(digestHolds),
    },
  ];
}

interface Conversation {
  readonly channels: readonly string[];
  readonly calls: number;
}

interface Call {
  readonly outcome: string;
  readonly talkSeconds: number | null;
  readonly recordings: readonly { readonly state: string }[];
}

/** That one conversation of two people is found, whichever way they spoke. */
export async function checkConversation(
  api: CallApi,
  { custodian, contact }: { readonly custodian: string; readonly contact: string },
): Promise<Check> {
  const { data: conversations } = (await api('/conversations')) as unknown as { data: Conversation[] };
  const { data: calls } = (await api('/calls')) as unknown as { data: Call[] };
  const found = conversations.find(({ channels }) =>
    ['sms', 'voice', 'whatsapp'].every((channel) => channels.includes(channel)),
  );
  const [call] = calls;
  return {
    what: `${custodian} and ${contact} have one conversation over sms, whatsapp and voice, and their call has its recording`,
    ok: found?.calls === 1 && call?.outcome === 'answered' && call.recordings[0]?.state === 'stored',
  };
}

/** Looks for what was said, and for who said it, in the raw bytes of the database and everything beside it. */
export async function checkSealed(dataDirectory: string, secrets: readonly string[]): Promise<Check> {
  const files = (await listFiles(dataDirectory)).filter(
    (file) => !file.startsWith(join(dataDirectory, 'archive')),
  );
  const found = await Promise.all(
    files.map(async (file) => {
      const bytes = await readFile(file);
      return secrets.some((secret) => bytes.includes(secret));
    }),
  );
  return {
    what: `no text, number or token in the ${files.length} files of the database and data directory`,
    ok: !found.includes(true),
  };
}

function count(envelopes: readonly Envelope[], kind: string): number {
  return envelopes.filter(({ skeleton }) => skeleton.kind === kind).length;
}

function digestHolds({ skeleton, content, salt }: Envelope): boolean {
  const digest = createHmac('sha256', Buffer.from(salt, 'base64'))
    .update(canonicalBytes(content))
    .digest('hex');
  return digest === skeleton.contentDigest;
}

async function readEnvelopes(archive: string): Promise<Envelope[]> {
  const files = (await listFiles(archive)).filter((file) => file.endsWith('.json'));
  return Promise.all(
    files.map(async (file) => envelopeSchema.parse(JSON.parse(await readFile(file, 'utf8')))),
  );
}

async function listFiles(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
