import { secretNames } from '../sdk/index.js';
import type { ConnectorCase } from './connector-case.js';

/** The values of the settings that are marked as secret. */
export function secretValues({
  connector,
  settings,
}: Pick<ConnectorCase, 'connector' | 'settings'>): string[] {
  return secretNames(connector.settings)
    .map((name) => settings[name])
    .filter((value): value is string => typeof value === 'string' && value !== '');
}

/** The first secret that a value gives away, as it is or in a common encoding; undefined when it holds none. */
export function secretIn(value: unknown, secrets: readonly string[]): string | undefined {
  const text = textOf(value);
  return secrets.find((secret) => spellings(secret).some((spelling) => text.includes(spelling)));
}

function spellings(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    bytes.toString('hex'),
  ];
}

/** Everything that a log line could show of a value: for an error its message, stack, fields and causes. */
export function textOf(value: unknown): string {
  if (!(value instanceof Error))
    return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  const { cause, ...fields } = value;
  const own = `${value.message}\n${value.stack}\n${JSON.stringify(fields)}`;
  return cause === undefined ? own : `${own}\n${textOf(cause)}`;
}

/** Another secret of the same form: every letter and digit becomes another one of its class. */
export function otherSecret(secret: string): string {
  return secret.replace(/[0-9A-Za-z]/g, (character) => {
    const code = character.charCodeAt(0);
    if (character <= '9') return String.fromCharCode(48 + ((code - 48 + 1) % 10));
    // Within a–f, so that a hexadecimal secret stays one.
    const first = character <= 'Z' ? 65 : 97;
    return String.fromCharCode(first + ((code - first + 1) % 6));
  });
}
