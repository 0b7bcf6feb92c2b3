import { describe, expect, it } from 'vitest';
import { readPeopleFile } from './people-file.js';

const problems = (text: string) => readPeopleFile(text).problems;
const header = 'name,address,role,valid_from,valid_until';

describe('a people file', () => {
  it('is read with a byte order mark, quoted fields, CRLF and empty lines', () => {
    const text = `\uFEFF${header}\r\n"Example, ""Ada""",+1 (202) 555-0123,,2026-01-01,2026-02-01T09:00:00+01:00\r\n\r\nCarol,carol@Example.com,contact,,\r\n`;
    expect(readPeopleFile(text)).toEqual({
      problems: [],
      rows: [
        {
          ...{ line: 2, role: 'custodian', name: 'Example, "Ada"', address: '+12025550123' },
          ...{ validFrom: new Date('2026-01-01T00:00:00Z'), validUntil: new Date('2026-02-01T08:00:00Z') },
        },
        {
          ...{ line: 4, role: 'contact', name: 'Carol', address: 'carol@example.com' },
          ...{ validFrom: null, validUntil: null },
        },
      ],
    });
  });

  it.each([
    ['Ada,,,,', /address is empty/],
    [',+12025550123,,,', /name is empty/],
    ['=HYPERLINK(1),+12025550123,,,', /formula/],
    ['Ada,=1+1,,,', /formula/],
    ['Ada,1.2E+10,,,', /rounded by a spreadsheet/],
    ['Ada,12025550123,,,', /without \+ and country code/],
    ['Ada,(202) 555-0123,,,', /without \+ and country code/],
    ['Ada,+12,,,', /no number in the form/],
    ['Ada,+12025550123,boss,,', /custodian or contact/],
    ['Ada,+12025550123,,31.12.2026,', /valid_from must be a date/],
    ['Ada,+12025550123,,,2026-02-31', /valid_until must be a date/],
    ['Ada,+12025550123,,2026-02-02,2026-02-02', /later than valid_from/],
    ['Ada,+12025550123', /has 2 fields where the header has 5/],
    [`${'A'.repeat(201)},+12025550123,,,`, /longer than 200/],
  ])('that says %j is refused with its line and what to do', (row, expected) => {
    const found = problems(`${header}\nGood,+12025550111,,,\n${row}\n`);
    expect(found).toEqual([{ line: 3, problem: expect.stringMatching(expected) }]);
  });

  it('may name short codes, and ids of digits with their scheme', () => {
    const text = 'name,address,scheme\nTaxi,20255,\nAda,1234567890,telegram\n';
    expect(readPeopleFile(text).rows.map(({ address }) => address)).toEqual(['20255', '1234567890']);
  });

  it('is not repeated in what is said of it', () => {
    expect(JSON.stringify(problems(`${header}\nAda,+12025550177,boss,,`))).not.toMatch(/Ada|2025550177/);
  });

  it('that is no such file is refused as a whole', () => {
    expect(problems('')).toMatchObject([{ line: 1, problem: expect.stringContaining('empty') }]);
    expect(problems('name\nAda')).toMatchObject([{ line: 1, problem: expect.stringContaining('address') }]);
    expect(problems('name,address,phone\n')).toMatchObject([{ line: 1 }]);
    expect(problems('name,address,name\n')).toMatchObject([{ line: 1 }]);
    expect(problems(`${header}\nA\0da,+12025550123,,,`)).toMatchObject([{ line: 2 }]);
    expect(problems(`${header}\n"Ada,+12025550123,,,\n`)).toMatchObject([
      { problem: expect.stringContaining('quotation mark') },
    ]);
  });
});
