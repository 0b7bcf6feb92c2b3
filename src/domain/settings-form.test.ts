import { expect, it } from 'vitest';
import { listOf, secret, z } from '../sdk/index.js';
import { fieldsOf } from './settings-form.js';

it('tells of each setting what a form has to know', () => {
  const settings = z.strictObject({
    token: secret().describe('From the console.'),
    oldToken: secret().optional().describe('For a rotation.'),
    numbers: listOf(z.string()).describe('Ours.'),
    mode: z.enum(['polling', 'webhook']).default('webhook'),
    outbound: z
      .union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')])
      .default(false),
    rate: z.coerce.number().optional(),
  });
  expect(fieldsOf(settings)).toEqual([
    field('token', { required: true, secret: true, description: 'From the console.' }),
    field('oldToken', { secret: true, description: 'For a rotation.' }),
    field('numbers', { required: true, kind: 'list', description: 'Ours.' }),
    field('mode', { kind: 'choice', choices: ['polling', 'webhook'], default: 'webhook' }),
    field('outbound', { kind: 'yes-no', default: 'false' }),
    field('rate', {}),
  ]);
});

it('reads settings that are checked as a whole', () => {
  const settings = z.strictObject({ a: z.string().optional() }).refine(() => true);
  expect(fieldsOf(settings)).toEqual([field('a', {})]);
});

function field(name: string, given: object) {
  return {
    name,
    description: null,
    required: false,
    secret: false,
    kind: 'text',
    choices: [],
    default: null,
    ...given,
  };
}
