import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { World } from '../../test/pipeline/support/world.js';
import { openTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { addressId, canonicalAddress } from './addresses.js';
import { addPerson, readPeople, resolvePeople } from './people.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());

describe('an address', () => {
  it.each([
    ['+12025550123', '+12025550123'],
    [' +1 (202) 555-01.23 ', '+12025550123'],
    ['whatsapp:+12025550123', '+12025550123'],
    ['WhatsApp:+1 202 555 0123', '+12025550123'],
    ['tel:+12025550123', '+12025550123'],
    ['Ada@Example.COM', 'ada@example.com'],
    ['ACME', 'ACME'],
    ['12345', '12345'],
  ])('%j is %s', (given, expected) => {
    expect(canonicalAddress(given)).toBe(expected);
  });

  it('is the same however often it is made canonical', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'+1() -.aZ@:') }), (text) => {
        const once = canonicalAddress(`+1${text}`);
        expect(canonicalAddress(once)).toBe(once);
      }),
    );
  });
});

describe('people', () => {
  it('are read back with their addresses, and nothing of them is readable in the database', async () => {
    const { tenant } = await World.open(test.database);
    const { orm, sql } = test.database;
    const request = {
      role: 'custodian' as const,
      name: 'Ada Adviser',
      addresses: ['+1 202 555 0123', 'ada@example.com'],
    };
    const added = await addPerson(orm, tenant, request);
    const open = { personId: added.id, validFrom: null, validUntil: null };
    expect(await readPeople(orm, tenant, 'custodian')).toMatchObject([
      {
        id: added.id,
        name: 'Ada Adviser',
        role: 'custodian',
        identities: [
          { address: '+12025550123', ...open },
          { address: 'ada@example.com', ...open },
        ],
      },
    ]);
    expect(await readPeople(orm, tenant, 'contact')).toEqual([]);
    const rows = [
      await sql`select encode(sealed, 'escape') as sealed from people`,
      await sql`select address_id, encode(sealed, 'escape') as sealed from identities`,
    ];
    expect(JSON.stringify(rows)).not.toMatch(/Adviser|2025550123|example/i);
  });

  it('are found by any spelling of their address, within their period, by their instance', async () => {
    const { tenant } = await World.open(test.database);
    const stranger = await World.open(test.database);
    const { orm, sql } = test.database;
    const ada = await addPerson(orm, tenant, { role: 'custodian', name: 'Ada', addresses: ['+12025550123'] });
    await sql`update identities set valid_from = '2026-01-01', valid_until = '2026-07-01'
      where person_id = ${ada.id}`;
    const id = addressId(tenant.vault, 'whatsapp:+1 202-555-0123');
    const at = async (time: string, world = tenant) =>
      (await resolvePeople(orm, world, [id]))(id, new Date(time))?.name;
    expect(await at('2026-03-01')).toBe('Ada');
    expect(await at('2026-01-01')).toBe('Ada');
    expect(await at('2025-12-31')).toBeUndefined();
    expect(await at('2026-07-01')).toBeUndefined();
    expect(await at('2026-03-01', stranger.tenant)).toBeUndefined();
    expect(addressId(stranger.tenant.vault, '+12025550123')).not.toBe(id);
  });
});
